// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Which pages of one entry were written: one bit per smallest page (kernel: {@code vfio_dma.bitmap}). Spec: type1 §11. */
final class DirtyBitmap {
    private static final int WORD = Long.SIZE;

    private final int pages;
    private final long[] words;

    /**
     * A bitmap without bits.
     *
     * @throws VfioException EINVAL for more than 2^31-1 pages, ENOMEM when the heap cannot hold it
     */
    DirtyBitmap(long pages) {
        if (pages < 0 || pages > Integer.MAX_VALUE) {
            throw new VfioException(
                    Errno.EINVAL,
                    "dirty tracking refused: a mapping of 0x" + Long.toHexString(pages)
                            + " pages is larger than the 2^31-1 pages one bitmap can have");
        }
        this.pages = (int) pages;
        try {
            this.words = new long[(int) ((pages + WORD - 1) / WORD)];
        } catch (OutOfMemoryError e) {
            throw new VfioException(Errno.ENOMEM, "dirty tracking refused: no memory for " + pages + " bits", e);
        }
    }

    /** All words, the bits behind the last page 0. */
    MemorySegment words() {
        return MemorySegment.ofArray(words);
    }

    int pages() {
        return pages;
    }

    /** Marks pages {@code first} to {@code last}, inclusive. */
    void set(long first, long last) {
        int low = (int) (first / WORD);
        int high = (int) (last / WORD);
        long lowMask = -1L << first;
        long highMask = -1L >>> (WORD - 1 - (int) (last % WORD));
        if (low == high) {
            words[low] |= lowMask & highMask;
            return;
        }
        words[low] |= lowMask;
        Arrays.fill(words, low + 1, high, -1L);
        words[high] |= highMask;
    }

    void setAll() {
        set(0, pages - 1L);
    }

    void clear() {
        Arrays.fill(words, 0);
    }

    /**
     * Sixty-four bits from a page on.
     *
     * @param page may be negative or run past the end: bits outside are 0
     */
    long bitsFrom(long page) {
        long index = Math.floorDiv(page, WORD);
        int shift = (int) Math.floorMod(page, (long) WORD);
        long bits = word(index) >>> shift;
        return shift == 0 ? bits : bits | word(index + 1) << (WORD - shift);
    }

    private long word(long index) {
        return index < 0 || index >= words.length ? 0 : words[(int) index];
    }
}
