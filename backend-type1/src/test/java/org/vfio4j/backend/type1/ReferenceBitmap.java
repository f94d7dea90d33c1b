// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import java.util.BitSet;

/** The bitmap of a caller of the {@link ReferenceModel}: section 11, T4 and T6. */
final class ReferenceBitmap {
    private final long pageSize;
    private final long size;
    private final long[] words;

    /**
     * A bitmap.
     *
     * @param pageSize bytes of a bit, as the caller says
     * @param size bytes of the bitmap, as the caller says
     * @param words the caller's memory
     */
    ReferenceBitmap(long pageSize, long size, long[] words) {
        this.pageSize = pageSize;
        this.size = size;
        this.words = words;
    }

    long pageSize() {
        return pageSize;
    }

    long size() {
        return size;
    }

    long[] words() {
        return words;
    }

    boolean fits(long bytes) {
        if (pageSize == 0) {
            return false;
        }
        long pages = bytes >>> Long.numberOfTrailingZeros(pageSize);
        long needed = ((pages >>> 6) + ((pages & 63) != 0 ? 1 : 0)) * 8;
        return pages != 0
                && size != 0
                && Long.compareUnsigned(size, 1L << 28) <= 0
                && Long.compareUnsigned(size, needed) >= 0;
    }

    void report(long firstBit, int bits, BitSet dirty) {
        long lastBit = firstBit + bits - 1;
        for (long word = firstBit / 64; word <= lastBit / 64; word++) {
            long value = 0;
            for (int bit = 0; bit < 64; bit++) {
                long page = word * 64 + bit - firstBit;
                if (page >= 0 && page < bits && dirty.get((int) page)) {
                    value |= 1L << bit;
                }
            }
            boolean sharesItsWord = word == firstBit / 64 && firstBit % 64 != 0;
            words[(int) word] = sharesItsWord ? words[(int) word] | value : value;
        }
    }
}
