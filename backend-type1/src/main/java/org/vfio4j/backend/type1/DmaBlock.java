// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The DMA entries that start in one 2 MiB of I/O addresses, whatever their length, by the page they start at. Two bits for each
 * page tell whether an entry starts there and whether it ends with that page, so that most questions are answered from 128
 * bytes, without a look at an entry: a look at one among a million is a cache miss.
 *
 * <p>Few entries are kept in the order of their pages; many in an array with a place for each page, where a change moves
 * nothing. The array stays when entries go, as the page table behind it does; the block goes with its last entry.
 */
final class DmaBlock {
    /** No such page. */
    static final int NONE = -1;

    private static final int SHIFT = 21;
    private static final int PAGE_SHIFT = 12;
    private static final int PAGES = 1 << (SHIFT - PAGE_SHIFT);
    private static final int WORDS = PAGES / Long.SIZE;
    private static final int FIRST_CAPACITY = 4;
    /** More entries get an array with a place for each page. */
    private static final int MOST_IN_ORDER = 32;

    private long number;
    private int count;
    /** Bits of the pages where entries start; from {@link #WORDS} on, of those where entries of one page start. */
    private final long[] bits = new long[2 * WORDS];

    private @Nullable DmaEntry[] entries = new @Nullable DmaEntry[FIRST_CAPACITY];

    DmaBlock(long number) {
        this.number = number;
    }

    /** The number of the block in which an address is. */
    static long number(long iova) {
        return iova >>> SHIFT;
    }

    /** The page of its block in which an address is. */
    static int page(long iova) {
        return (int) (iova >>> PAGE_SHIFT) & (PAGES - 1);
    }

    long number() {
        return number;
    }

    /** Makes an empty block stand for other addresses. */
    void renumber(long other) {
        number = other;
    }

    boolean isEmpty() {
        return count == 0;
    }

    /** First address of a page. */
    long address(int page) {
        return (number << SHIFT) | ((long) page << PAGE_SHIFT);
    }

    /** The last page not behind {@code page} at which an entry starts. */
    int floor(int page) {
        int word = page / Long.SIZE;
        long starts = bits[word] & (-1L >>> (Long.SIZE - 1 - page % Long.SIZE));
        while (starts == 0) {
            if (--word < 0) {
                return NONE;
            }
            starts = bits[word];
        }
        return word * Long.SIZE + Long.SIZE - 1 - Long.numberOfLeadingZeros(starts);
    }

    /** The first page behind {@code page}, which may be {@link #NONE}, at which an entry starts. */
    int higher(int page) {
        int from = page + 1;
        int word = from / Long.SIZE;
        if (word == WORDS) {
            return NONE;
        }
        long starts = bits[word] & (-1L << (from % Long.SIZE));
        while (starts == 0) {
            if (++word == WORDS) {
                return NONE;
            }
            starts = bits[word];
        }
        return word * Long.SIZE + Long.numberOfTrailingZeros(starts);
    }

    /** The first page at which an entry starts. */
    int first() {
        return higher(NONE);
    }

    /** The last page at which an entry starts. */
    int last() {
        return floor(PAGES - 1);
    }

    /** Whether the entry that starts at a page holds an address that is not below it. */
    boolean reaches(int page, long address) {
        if (Long.compareUnsigned(address, address(page) + ((1L << PAGE_SHIFT) - 1)) <= 0) {
            return true;
        }
        return !isSet(WORDS, page) && Long.compareUnsigned(address, entry(page).last) <= 0;
    }

    /** The entry that starts at a page. */
    DmaEntry entry(int page) {
        DmaEntry entry = entries[place(page)];
        if (entry == null) {
            throw new IllegalStateException("no entry starts at page " + page);
        }
        return entry;
    }

    /** Adds an entry that starts at a page of this block where none does. */
    void add(DmaEntry entry) {
        if (count == entries.length) {
            grow();
        }
        int page = page(entry.iova);
        int place = place(page);
        if (entries.length != PAGES) {
            System.arraycopy(entries, place, entries, place + 1, count - place);
        }
        entries[place] = entry;
        count++;
        bits[page / Long.SIZE] |= bit(page);
        if (entry.last == entry.iova + ((1L << PAGE_SHIFT) - 1)) {
            bits[WORDS + page / Long.SIZE] |= bit(page);
        }
    }

    /**
     * Removes an entry.
     *
     * @throws IllegalStateException when it is not in the block; nothing has changed then
     */
    void remove(DmaEntry entry) {
        int page = page(entry.iova);
        int place = place(page);
        if (!isSet(0, page) || entries[place] != entry) {
            throw new IllegalStateException("entry is not in the tree");
        }
        count--;
        if (entries.length == PAGES) {
            entries[place] = null;
        } else {
            System.arraycopy(entries, place + 1, entries, place, count - place);
            entries[count] = null;
        }
        bits[page / Long.SIZE] &= ~bit(page);
        bits[WORDS + page / Long.SIZE] &= ~bit(page);
    }

    private void grow() {
        if (count < MOST_IN_ORDER) {
            entries = Arrays.copyOf(entries, 2 * count);
            return;
        }
        @Nullable DmaEntry[] byPage = new @Nullable DmaEntry[PAGES];
        int place = 0;
        for (int page = first(); page != NONE; page = higher(page)) {
            byPage[page] = entries[place++];
        }
        entries = byPage;
    }

    /** Where the entry that starts at a page is or would be. */
    private int place(int page) {
        if (entries.length == PAGES) {
            return page;
        }
        int last = page / Long.SIZE;
        int below = Long.bitCount(bits[last] & (bit(page) - 1));
        for (int word = 0; word < last; word++) {
            below += Long.bitCount(bits[word]);
        }
        return below;
    }

    private boolean isSet(int from, int page) {
        return (bits[from + page / Long.SIZE] & bit(page)) != 0;
    }

    private static long bit(int page) {
        return 1L << (page % Long.SIZE);
    }
}
