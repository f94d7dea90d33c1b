// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import java.util.Arrays;

/**
 * Numbers by numbers: a hash table of primitives, open addressing with linear probing, at most half full. Boxes nothing. Keys
 * are not negative. Not thread-safe.
 */
final class LongTable {
    /** No key. */
    private static final long NONE = -1;

    private static final int FIRST_CAPACITY = 16;
    private static final long GOLDEN_RATIO = 0x9E37_79B9_7F4A_7C15L;

    /** Key and value by turns; the key is {@link #NONE} where the place is free. */
    private long[] pairs = empty(FIRST_CAPACITY);

    private int size;

    /** Receives the content. */
    @FunctionalInterface
    interface Sink {
        /** One key and its value. */
        void pair(long key, long value);
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** The value of a key, or what to answer when it has none. */
    long get(long key, long otherwise) {
        int place = find(key);
        return pairs[2 * place] == NONE ? otherwise : pairs[2 * place + 1];
    }

    /** Gives a key a value, whether it had one or not. */
    void put(long key, long value) {
        if (2 * (size + 1) > capacity()) {
            grow();
        }
        int place = find(key);
        if (pairs[2 * place] == NONE) {
            pairs[2 * place] = key;
            size++;
        }
        pairs[2 * place + 1] = value;
    }

    /** Removes a key, if it is there. */
    void remove(long key) {
        int place = find(key);
        if (pairs[2 * place] != NONE) {
            closeGap(place);
            size--;
        }
    }

    /** All keys and values, in no order. */
    void forEach(Sink sink) {
        for (int at = 0; at < pairs.length; at += 2) {
            if (pairs[at] != NONE) {
                sink.pair(pairs[at], pairs[at + 1]);
            }
        }
    }

    /** The place of a key, or the free one where it would go. */
    private int find(long key) {
        int place = home(key);
        while (pairs[2 * place] != NONE && pairs[2 * place] != key) {
            place = next(place);
        }
        return place;
    }

    /** Frees a place: those behind it that could no longer be found move up. */
    private void closeGap(int freed) {
        int gap = freed;
        int place = next(gap);
        while (pairs[2 * place] != NONE) {
            int fromHome = (place - home(pairs[2 * place])) & (capacity() - 1);
            int fromGap = (place - gap) & (capacity() - 1);
            if (fromHome >= fromGap) {
                pairs[2 * gap] = pairs[2 * place];
                pairs[2 * gap + 1] = pairs[2 * place + 1];
                gap = place;
            }
            place = next(place);
        }
        pairs[2 * gap] = NONE;
    }

    private void grow() {
        long[] old = pairs;
        pairs = empty(2 * capacity());
        for (int at = 0; at < old.length; at += 2) {
            if (old[at] != NONE) {
                int place = find(old[at]);
                pairs[2 * place] = old[at];
                pairs[2 * place + 1] = old[at + 1];
            }
        }
    }

    private int home(long key) {
        return (int) ((key * GOLDEN_RATIO) >>> (Long.SIZE + 1 - Integer.numberOfTrailingZeros(pairs.length)));
    }

    private int next(int place) {
        return (place + 1) & (capacity() - 1);
    }

    private int capacity() {
        return pairs.length / 2;
    }

    private static long[] empty(int capacity) {
        long[] pairs = new long[2 * capacity];
        Arrays.fill(pairs, NONE);
        return pairs;
    }
}
