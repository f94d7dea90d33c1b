// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

/**
 * Ranges by their first address. Pages of 4 KiB, of which there may be a million, are bits, 64 neighbours in one word, so that
 * all of them together stay in the processor's caches; other ranges are remembered one by one. A mapping costs the same
 * whether it is the first or the 65 000th, and nothing is boxed. Addresses are not negative. Not thread-safe.
 */
final class UsedRanges {
    /** No range: not an address. */
    static final long NONE = -1;

    private static final int PAGE_SHIFT = 12;
    private static final long PAGE = 1L << PAGE_SHIFT;
    private static final int WORD_SHIFT = PAGE_SHIFT + 6;

    /** By the address above {@link #WORD_SHIFT}: the pages in use, a bit each; never 0. */
    private final LongTable pages = new LongTable();

    /** Last addresses of ranges that are not one page. */
    private final LongTable others = new LongTable();

    /** Receives ranges. */
    @FunctionalInterface
    interface Sink {
        /** One range, from its first to its last address. */
        void range(long start, long last);
    }

    /** Adds a range, or gives the one that starts there another end. */
    void put(long start, long last) {
        if (isPage(start, last)) {
            if (!others.isEmpty()) {
                others.remove(start);
            }
            pages.put(start >>> WORD_SHIFT, pages.get(start >>> WORD_SHIFT, 0) | bit(start));
        } else {
            removePage(start);
            others.put(start, last);
        }
    }

    /**
     * Removes the range that starts at an address.
     *
     * @return its last address, {@link #NONE} when no range starts there
     */
    long remove(long start) {
        if (removePage(start)) {
            return start + PAGE - 1;
        }
        long last = others.get(start, NONE);
        if (last != NONE) {
            others.remove(start);
        }
        return last;
    }

    /** All ranges, in no order. */
    void forEach(Sink sink) {
        others.forEach(sink::range);
        pages.forEach((place, bits) -> {
            for (long rest = bits; rest != 0; rest &= rest - 1) {
                long start = (place << WORD_SHIFT) + ((long) Long.numberOfTrailingZeros(rest) << PAGE_SHIFT);
                sink.range(start, start + PAGE - 1);
            }
        });
    }

    private boolean removePage(long start) {
        long place = start >>> WORD_SHIFT;
        long bits = (start & (PAGE - 1)) == 0 ? pages.get(place, 0) : 0;
        long left = bits & ~bit(start);
        if (left == bits) {
            return false;
        }
        if (left == 0) {
            pages.remove(place);
        } else {
            pages.put(place, left);
        }
        return true;
    }

    private static boolean isPage(long start, long last) {
        return last - start == PAGE - 1 && (start & (PAGE - 1)) == 0;
    }

    private static long bit(long start) {
        return 1L << (start >>> PAGE_SHIFT);
    }
}
