// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import java.util.Arrays;

/**
 * Ranges by their first address: a hash table of primitives, open addressing with linear probing, at most half full. A
 * mapping costs the same whether it is the first or the 65 000th, and boxes nothing. Addresses are not negative. Not
 * thread-safe.
 */
final class UsedRanges {
    /** No range: not an address. */
    static final long NONE = -1;

    private static final int FIRST_CAPACITY = 16;
    private static final long GOLDEN_RATIO = 0x9E37_79B9_7F4A_7C15L;

    /** First and last address by turns; {@link #NONE} where the place is free. */
    private long[] ranges = empty(FIRST_CAPACITY);

    private int size;

    /** Receives ranges. */
    @FunctionalInterface
    interface Sink {
        /** One range, from its first to its last address. */
        void range(long start, long last);
    }

    /** Adds a range, or gives the one that starts there another end. */
    void put(long start, long last) {
        if (2 * (size + 1) > capacity()) {
            grow();
        }
        int place = find(start);
        if (ranges[2 * place] == NONE) {
            ranges[2 * place] = start;
            size++;
        }
        ranges[2 * place + 1] = last;
    }

    /**
     * Removes the range that starts at an address.
     *
     * @return its last address, {@link #NONE} when no range starts there
     */
    long remove(long start) {
        int place = find(start);
        if (ranges[2 * place] == NONE) {
            return NONE;
        }
        long last = ranges[2 * place + 1];
        closeGap(place);
        size--;
        return last;
    }

    /** All ranges, in no order. */
    void forEach(Sink sink) {
        for (int at = 0; at < ranges.length; at += 2) {
            if (ranges[at] != NONE) {
                sink.range(ranges[at], ranges[at + 1]);
            }
        }
    }

    /** The place of a range, or the free one where it would go. */
    private int find(long start) {
        int place = home(start);
        while (ranges[2 * place] != NONE && ranges[2 * place] != start) {
            place = next(place);
        }
        return place;
    }

    /** Frees a place: those behind it that could no longer be found move up. */
    private void closeGap(int freed) {
        int gap = freed;
        int place = next(gap);
        while (ranges[2 * place] != NONE) {
            int fromHome = (place - home(ranges[2 * place])) & (capacity() - 1);
            int fromGap = (place - gap) & (capacity() - 1);
            if (fromHome >= fromGap) {
                ranges[2 * gap] = ranges[2 * place];
                ranges[2 * gap + 1] = ranges[2 * place + 1];
                gap = place;
            }
            place = next(place);
        }
        ranges[2 * gap] = NONE;
    }

    private void grow() {
        long[] old = ranges;
        ranges = empty(2 * capacity());
        for (int at = 0; at < old.length; at += 2) {
            if (old[at] != NONE) {
                int place = find(old[at]);
                ranges[2 * place] = old[at];
                ranges[2 * place + 1] = old[at + 1];
            }
        }
    }

    private int home(long start) {
        return (int) ((start * GOLDEN_RATIO) >>> (Long.SIZE + 1 - Integer.numberOfTrailingZeros(ranges.length)));
    }

    private int next(int place) {
        return (place + 1) & (capacity() - 1);
    }

    private int capacity() {
        return ranges.length / 2;
    }

    private static long[] empty(int capacity) {
        long[] ranges = new long[2 * capacity];
        Arrays.fill(ranges, NONE);
        return ranges;
    }
}
