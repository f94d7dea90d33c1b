// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.register;

import java.io.IOException;

/** Where registers lie, read and written page by page: how they get from one place to another. */
interface RegisterPages {
    int PAGE = 4096;

    /** Copied at once. */
    int CHUNK = 16 * PAGE;

    /** Bytes, whole pages. */
    long size();

    /** Reads a chunk; what is not there any more reads as zeros. */
    void read(long offset, byte[] target) throws IOException;

    /** Writes whole pages. */
    void write(long offset, byte[] source, int length) throws IOException;

    /**
     * Copies, in ascending order, what is not zero; the target is zero where it is not written.
     *
     * <p>Parts nobody ever touched stay without room of their own.
     */
    static void copy(RegisterPages from, RegisterPages to) throws IOException {
        var page = new byte[PAGE];
        var chunk = new byte[(int) Math.min(CHUNK, from.size())];
        for (long at = 0; at < from.size(); at += chunk.length) {
            from.read(at, chunk);
            for (int inChunk = 0; inChunk < chunk.length && at + inChunk < from.size(); inChunk += PAGE) {
                if (!zero(chunk, inChunk)) {
                    System.arraycopy(chunk, inChunk, page, 0, PAGE);
                    to.write(at + inChunk, page, PAGE);
                }
            }
        }
    }

    /** Zeroes what is not zero. */
    static void clear(RegisterPages pages) throws IOException {
        var zeros = new byte[PAGE];
        var chunk = new byte[(int) Math.min(CHUNK, pages.size())];
        for (long at = 0; at < pages.size(); at += chunk.length) {
            pages.read(at, chunk);
            for (int inChunk = 0; inChunk < chunk.length && at + inChunk < pages.size(); inChunk += PAGE) {
                if (!zero(chunk, inChunk)) {
                    pages.write(at + inChunk, zeros, PAGE);
                }
            }
        }
    }

    private static boolean zero(byte[] bytes, int from) {
        for (int i = from; i < from + PAGE; i++) {
            if (bytes[i] != 0) {
                return false;
            }
        }
        return true;
    }
}
