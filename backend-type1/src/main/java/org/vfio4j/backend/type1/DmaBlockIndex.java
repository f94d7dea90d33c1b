// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * {@linkplain DmaBlock Blocks} by number, without order: a hash table, open addressing with linear probing, at most half full. It
 * answers in a few instructions what the {@linkplain DmaBlockTree tree} searches for: the processor then reaches the block, and
 * waits for its memory, while it still waits for that of the page table. Not thread-safe: the instance lock guards it.
 */
final class DmaBlockIndex {
    /** No block: not a number. */
    private static final long NONE = -1;

    private static final int FIRST_CAPACITY = 16;
    private static final long GOLDEN_RATIO = 0x9E37_79B9_7F4A_7C15L;

    private long[] numbers = empty(FIRST_CAPACITY);
    private @Nullable DmaBlock[] blocks = new @Nullable DmaBlock[FIRST_CAPACITY];
    private int size;

    /** The block with a number. */
    @Nullable
    DmaBlock find(long number) {
        return blocks[place(number)];
    }

    /** Makes sure that one more block can be put without allocating. */
    void reserve() {
        if (2 * (size + 1) > numbers.length) {
            grow();
        }
    }

    /** Puts a block whose number no other has, after {@link #reserve}. */
    void put(DmaBlock block) {
        int place = place(block.number());
        numbers[place] = block.number();
        blocks[place] = block;
        size++;
    }

    /** Removes the block with a number, which is there: those behind it that could no longer be found move up. */
    void remove(long number) {
        int gap = place(number);
        for (int place = next(gap); numbers[place] != NONE; place = next(place)) {
            int fromHome = (place - home(numbers[place])) & (numbers.length - 1);
            int fromGap = (place - gap) & (numbers.length - 1);
            if (fromHome >= fromGap) {
                numbers[gap] = numbers[place];
                blocks[gap] = blocks[place];
                gap = place;
            }
        }
        numbers[gap] = NONE;
        blocks[gap] = null;
        size--;
    }

    private void grow() {
        long[] oldNumbers = numbers;
        @Nullable DmaBlock[] oldBlocks = blocks;
        long[] larger = empty(2 * oldNumbers.length);
        blocks = new @Nullable DmaBlock[2 * oldNumbers.length];
        numbers = larger;
        for (int old = 0; old < oldNumbers.length; old++) {
            if (oldNumbers[old] != NONE) {
                int place = place(oldNumbers[old]);
                numbers[place] = oldNumbers[old];
                blocks[place] = oldBlocks[old];
            }
        }
    }

    /** The place of a number, or the free one where it would go. */
    private int place(long number) {
        int place = home(number);
        while (numbers[place] != number && numbers[place] != NONE) {
            place = next(place);
        }
        return place;
    }

    private int home(long number) {
        return (int) ((number * GOLDEN_RATIO) >>> (Long.SIZE - Integer.numberOfTrailingZeros(numbers.length)));
    }

    private int next(int place) {
        return (place + 1) & (numbers.length - 1);
    }

    private static long[] empty(int capacity) {
        long[] numbers = new long[capacity];
        Arrays.fill(numbers, NONE);
        return numbers;
    }
}
