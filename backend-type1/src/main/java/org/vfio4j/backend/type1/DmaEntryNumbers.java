// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Numbers for DMA entries, so that {@linkplain DmaBlock blocks} hold numbers and no references. A reference stored in one of a
 * million places makes the collector take note of that place, each time another one, which costs as much as all else about the
 * store; here the number given back last is given out next, so a container that maps and unmaps stores its references in the
 * same few places. Grows by pieces, so no map pays for the number of others; shrinks never, as the blocks do not. Not
 * thread-safe: the instance lock guards it.
 */
final class DmaEntryNumbers {
    private static final int PIECE_SHIFT = 10;
    private static final int PIECE = 1 << PIECE_SHIFT;
    private static final int NONE = -1;

    private @Nullable DmaEntry[][] entries = new @Nullable DmaEntry[0][];

    /** Of free numbers the next free one. */
    private int[][] nextFree = {};

    private int firstFree = NONE;

    /** Gives an entry a number, which is not negative. */
    int give(DmaEntry entry) {
        if (firstFree == NONE) {
            grow();
        }
        int number = firstFree;
        int piece = number >>> PIECE_SHIFT;
        int place = number & (PIECE - 1);
        firstFree = nextFree[piece][place];
        entries[piece][place] = entry;
        return number;
    }

    /** The entry with a number. */
    DmaEntry entry(int number) {
        DmaEntry entry = entries[number >>> PIECE_SHIFT][number & (PIECE - 1)];
        if (entry == null) {
            throw new IllegalStateException("no entry has number " + number);
        }
        return entry;
    }

    /** Takes a number back. */
    void takeBack(int number) {
        int piece = number >>> PIECE_SHIFT;
        int place = number & (PIECE - 1);
        entries[piece][place] = null;
        nextFree[piece][place] = firstFree;
        firstFree = number;
    }

    private void grow() {
        int piece = entries.length;
        int[][] largerFree = Arrays.copyOf(nextFree, piece + 1);
        int[] free = new int[PIECE];
        for (int place = 0; place < PIECE; place++) {
            free[place] = (piece << PIECE_SHIFT) + place + 1;
        }
        free[PIECE - 1] = NONE;
        largerFree[piece] = free;
        @Nullable DmaEntry[][] largerEntries = Arrays.copyOf(entries, piece + 1);
        largerEntries[piece] = new @Nullable DmaEntry[PIECE];
        entries = largerEntries;
        nextFree = largerFree;
        firstFree = piece << PIECE_SHIFT;
    }
}
