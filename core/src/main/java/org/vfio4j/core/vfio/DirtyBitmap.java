// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.device.DmaLoggingOps.DirtySink;
import org.vfio4j.uapi.VfioException;

/**
 * Turns the dirty ranges a driver reports into bits of a user's bitmap (kernel: {@code struct iova_bitmap}). Bit k stands
 * for page k of the range asked about; a dirty range sets the bits of all pages it touches, so a log of larger pages is
 * spread and one of smaller pages merged. Bits are only ever set.
 *
 * <p>New bits are gathered for one part of the bitmap at a time and merged into it when the driver goes on to another
 * part, so memory without a new bit is never touched. When merging fails nothing more is written; the failure waits for
 * {@link #finish}, since a driver amid its log is no place for a user's EFAULT. One thread. Spec: core LG-4.
 */
final class DirtyBitmap implements DirtySink {
    /** Words gathered before they are merged. */
    static final int CHUNK_WORDS = 512;

    private static final long CHUNK_BITS = (long) CHUNK_WORDS * Long.SIZE;
    private static final long NO_CHUNK = -1;

    private final long iova;
    private final long length;
    private final int pageShift;
    private final DirtyWords target;

    /** New bits of the current chunk. */
    private final long[] words = new long[CHUNK_WORDS];

    /** Number of the chunk in {@link #words}. */
    private long chunk = NO_CHUNK;

    private @Nullable VfioException failure;

    /**
     * A bitmap for a range that does not wrap.
     *
     * @param pageSize bytes per bit, a power of two
     */
    DirtyBitmap(long iova, long length, long pageSize, DirtyWords target) {
        this.iova = iova;
        this.length = length;
        this.pageShift = Long.numberOfTrailingZeros(pageSize);
        this.target = target;
    }

    @Override
    public void dirty(long start, long bytes) {
        if (bytes == 0 || length == 0) {
            return;
        }
        long last = start + bytes - 1;
        if (Long.compareUnsigned(last, start) < 0) {
            last = -1;
        }
        long end = iova + length - 1;
        if (Long.compareUnsigned(last, iova) < 0 || Long.compareUnsigned(start, end) > 0) {
            return;
        }
        long from = Long.compareUnsigned(start, iova) > 0 ? start - iova : 0;
        long to = Long.compareUnsigned(last, end) < 0 ? last - iova : length - 1;
        setBits(from >>> pageShift, to >>> pageShift);
    }

    /** Sets bits, both ends inclusive; there are fewer than 2^53. */
    private void setBits(long first, long last) {
        for (long bit = first; bit <= last && failure == null; ) {
            enter(bit / CHUNK_BITS);
            long lastHere = Math.min(last, bit / CHUNK_BITS * CHUNK_BITS + CHUNK_BITS - 1);
            int from = (int) (bit % CHUNK_BITS);
            int to = (int) (lastHere % CHUNK_BITS);
            for (int word = from / Long.SIZE; word <= to / Long.SIZE; word++) {
                long mask = -1;
                if (word == from / Long.SIZE) {
                    mask &= -1L << from;
                }
                if (word == to / Long.SIZE) {
                    mask &= -1L >>> (Long.SIZE - 1 - to % Long.SIZE);
                }
                words[word] |= mask;
            }
            bit = lastHere + 1;
        }
    }

    private void enter(long wanted) {
        if (chunk != wanted) {
            flush();
            chunk = wanted;
        }
    }

    private void flush() {
        if (chunk == NO_CHUNK) {
            return;
        }
        try {
            for (int from = 0; from < CHUNK_WORDS && failure == null; from++) {
                int to = from;
                while (to < CHUNK_WORDS && words[to] != 0) {
                    to++;
                }
                if (to > from) {
                    target.merge(chunk * CHUNK_WORDS + from, words, from, to);
                    from = to;
                }
            }
        } catch (VfioException e) {
            failure = e;
        }
        Arrays.fill(words, 0);
        chunk = NO_CHUNK;
    }

    /**
     * Merges what is left.
     *
     * @throws VfioException EFAULT when some part of the bitmap could not be written: dirty pages are lost
     */
    void finish() {
        flush();
        if (failure != null) {
            throw failure;
        }
    }
}
