// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import java.util.Arrays;

/**
 * Disjoint ranges in the order of their addresses, each with a number that says whose it is: sorted chunks of primitives, so
 * that 65 000 ranges cost little more than one and nothing is boxed. Addresses are not negative. Not thread-safe.
 */
final class SortedRanges {
    /** No such range. */
    static final long NONE = -1;

    /** Ranges in a full chunk. */
    private static final int CHUNK = 128;

    /** Numbers of a range in a chunk: first address, last address, tag. */
    private static final int WIDTH = 3;

    /** No chunk is empty unless it is the only one. */
    private long[][] chunks = {new long[WIDTH * CHUNK]};

    private int[] sizes = {0};
    private int count = 1;

    /** First address of the highest range that starts at or below an address; {@link #NONE} if there is none. */
    long floor(long address) {
        int chunk = chunk(address);
        int place = place(chunk, address);
        return place < 0 ? NONE : chunks[chunk][WIDTH * place];
    }

    /** Last address of the range that starts at an address; {@link #NONE} when none does. */
    long last(long start) {
        int chunk = chunk(start);
        int place = place(chunk, start);
        return place < 0 || chunks[chunk][WIDTH * place] != start ? NONE : chunks[chunk][WIDTH * place + 1];
    }

    /** Tag of the range that starts at an address; {@link #NONE} when none does. */
    long tag(long start) {
        int chunk = chunk(start);
        int place = place(chunk, start);
        return place < 0 || chunks[chunk][WIDTH * place] != start ? NONE : chunks[chunk][WIDTH * place + 2];
    }

    /**
     * Adds a range that overlaps no other.
     *
     * @param tag whatever the caller wants to know of it later
     */
    void add(long start, long last, long tag) {
        int chunk = chunk(start);
        if (sizes[chunk] == CHUNK) {
            split(chunk);
            chunk = chunk(start);
        }
        int place = place(chunk, start) + 1;
        long[] ranges = chunks[chunk];
        int at = WIDTH * place;
        System.arraycopy(ranges, at, ranges, at + WIDTH, WIDTH * (sizes[chunk] - place));
        ranges[at] = start;
        ranges[at + 1] = last;
        ranges[at + 2] = tag;
        sizes[chunk]++;
    }

    /** Removes the range that starts at an address, if one does. */
    void remove(long start) {
        if (last(start) == NONE) {
            return;
        }
        int chunk = chunk(start);
        int place = place(chunk, start);
        long[] ranges = chunks[chunk];
        int at = WIDTH * place;
        System.arraycopy(ranges, at + WIDTH, ranges, at, WIDTH * (sizes[chunk] - place - 1));
        if (--sizes[chunk] == 0 && count > 1) {
            System.arraycopy(chunks, chunk + 1, chunks, chunk, count - chunk - 1);
            System.arraycopy(sizes, chunk + 1, sizes, chunk, count - chunk - 1);
            count--;
            chunks[count] = new long[0];
        }
    }

    /** The chunk in which a range that starts at an address is or would be. */
    private int chunk(long address) {
        int low = 0;
        int high = count - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (chunks[middle][0] <= address) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    /** Place of the highest range of a chunk that starts at or below an address; -1 if there is none. */
    private int place(int chunk, long address) {
        long[] ranges = chunks[chunk];
        int low = -1;
        int high = sizes[chunk] - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (ranges[WIDTH * middle] <= address) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    private void split(int chunk) {
        if (count == chunks.length) {
            chunks = Arrays.copyOf(chunks, 2 * count);
            sizes = Arrays.copyOf(sizes, 2 * count);
        }
        System.arraycopy(chunks, chunk + 1, chunks, chunk + 2, count - chunk - 1);
        System.arraycopy(sizes, chunk + 1, sizes, chunk + 2, count - chunk - 1);
        long[] upper = new long[WIDTH * CHUNK];
        System.arraycopy(chunks[chunk], WIDTH * CHUNK / 2, upper, 0, WIDTH * CHUNK / 2);
        chunks[chunk + 1] = upper;
        sizes[chunk + 1] = CHUNK / 2;
        sizes[chunk] = CHUNK / 2;
        count++;
    }
}
