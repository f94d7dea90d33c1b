// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import java.util.Arrays;

/**
 * The DMA entries that start in one 2 MiB of I/O addresses, whatever their length, by the page they start at. Two bits for each
 * page tell whether an entry starts there and whether it ends with that page, so that most questions are answered from 128
 * bytes, without a look at an entry: a look at one among a million is a cache miss.
 *
 * <p>Entries are kept by {@linkplain DmaEntryNumbers number}. Few are in the order of their pages; many have a place for each page,
 * where a change moves nothing. The places stay when entries go, as the page table behind them does; the block goes with its
 * last entry. Bits and places are one array, since each array touched is a cache line of its own.
 */
final class DmaBlock {
    /** No such page. */
    static final int NONE = -1;

    private static final int SHIFT = 21;
    private static final int PAGE_SHIFT = 12;
    private static final int PAGES = 1 << (SHIFT - PAGE_SHIFT);
    private static final int WORDS = PAGES / Integer.SIZE;

    /** Where the places begin in {@link #cells}: behind two words of bits for each 32 pages. */
    private static final int PLACES = 2 * WORDS;

    private static final int FIRST_CAPACITY = 4;
    /** More entries get a place for each page. */
    private static final int MOST_IN_ORDER = 32;

    private final DmaEntryNumbers numbers;
    private long number;
    private int count;

    /**
     * By turns a word of the bits of the pages where entries start, and of those where entries of one page start; then the
     * numbers of the entries.
     */
    private int[] cells = new int[PLACES + FIRST_CAPACITY];

    DmaBlock(long number, DmaEntryNumbers numbers) {
        this.number = number;
        this.numbers = numbers;
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
        int word = page / Integer.SIZE;
        int starts = starts(word) & (-1 >>> (Integer.SIZE - 1 - page % Integer.SIZE));
        while (starts == 0) {
            if (--word < 0) {
                return NONE;
            }
            starts = starts(word);
        }
        return word * Integer.SIZE + Integer.SIZE - 1 - Integer.numberOfLeadingZeros(starts);
    }

    /** The first page behind {@code page}, which may be {@link #NONE}, at which an entry starts. */
    int higher(int page) {
        int from = page + 1;
        int word = from / Integer.SIZE;
        if (word == WORDS) {
            return NONE;
        }
        int starts = starts(word) & (-1 << (from % Integer.SIZE));
        while (starts == 0) {
            if (++word == WORDS) {
                return NONE;
            }
            starts = starts(word);
        }
        return word * Integer.SIZE + Integer.numberOfTrailingZeros(starts);
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
        boolean isOnePage = (cells[2 * (page / Integer.SIZE) + 1] & bit(page)) != 0;
        return !isOnePage && Long.compareUnsigned(address, entry(page).last) <= 0;
    }

    /** Reads the place of a page; what it answers means nothing. */
    int touch(int page) {
        return cells[Math.min(PLACES + page, cells.length - 1)];
    }

    /** The entry that starts at a page. */
    DmaEntry entry(int page) {
        if (!startsAt(page)) {
            throw new IllegalStateException("no entry starts at page " + page);
        }
        return numbers.entry(cells[place(page)]);
    }

    /** Adds an entry that starts at a page of this block where none does. */
    void add(DmaEntry entry) {
        if (count == cells.length - PLACES) {
            grow();
        }
        int page = page(entry.iova);
        int place = place(page);
        int given = numbers.give(entry);
        if (!hasPlaceForEachPage()) {
            System.arraycopy(cells, place, cells, place + 1, PLACES + count - place);
        }
        cells[place] = given;
        count++;
        int word = 2 * (page / Integer.SIZE);
        cells[word] |= bit(page);
        if (entry.last == entry.iova + ((1L << PAGE_SHIFT) - 1)) {
            cells[word + 1] |= bit(page);
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
        if (!startsAt(page) || numbers.entry(cells[place]) != entry) {
            throw new IllegalStateException("entry is not in the tree");
        }
        numbers.takeBack(cells[place]);
        count--;
        if (!hasPlaceForEachPage()) {
            System.arraycopy(cells, place + 1, cells, place, PLACES + count - place);
        }
        int word = 2 * (page / Integer.SIZE);
        cells[word] &= ~bit(page);
        cells[word + 1] &= ~bit(page);
    }

    private void grow() {
        if (count < MOST_IN_ORDER) {
            cells = Arrays.copyOf(cells, PLACES + 2 * count);
            return;
        }
        int[] byPage = Arrays.copyOf(cells, PLACES + PAGES);
        int place = PLACES;
        for (int page = first(); page != NONE; page = higher(page)) {
            byPage[PLACES + page] = cells[place++];
        }
        cells = byPage;
    }

    private boolean hasPlaceForEachPage() {
        return cells.length == PLACES + PAGES;
    }

    /** Where the number of the entry that starts at a page is or would be. */
    private int place(int page) {
        if (hasPlaceForEachPage()) {
            return PLACES + page;
        }
        int last = page / Integer.SIZE;
        int below = Integer.bitCount(starts(last) & (bit(page) - 1));
        for (int word = 0; word < last; word++) {
            below += Integer.bitCount(starts(word));
        }
        return PLACES + below;
    }

    private boolean startsAt(int page) {
        return (starts(page / Integer.SIZE) & bit(page)) != 0;
    }

    /** The bits of 32 pages where entries start. */
    private int starts(int word) {
        return cells[2 * word];
    }

    private static int bit(int page) {
        return 1 << (page % Integer.SIZE);
    }
}
