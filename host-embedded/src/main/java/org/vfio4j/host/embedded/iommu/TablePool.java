// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The table pages of one domain: 4 KiB of off-heap memory each, known by number. Tables that nobody uses are kept for the
 * next; everything goes back with {@link #close}.
 *
 * <p>Entries may be read and their flags changed by any thread while it is kept safe from {@link #giveBack}; all other
 * methods are called under the domain's table lock.
 */
final class TablePool implements AutoCloseable {
    /** No table. */
    static final int NONE = -1;

    private static final VarHandle ENTRY = ValueLayout.JAVA_LONG.varHandle();
    private static final long[] EMPTY = new long[Pte.SLOTS];
    private static final int TABLE_SHIFT = 12;
    private static final int CHUNK_SHIFT = 5;
    private static final int CHUNK_TABLES = 1 << CHUNK_SHIFT;

    private final int limit;
    private final Arena arena = Arena.ofShared();

    /** Grown by copying; an entry that leads to a table is stored after the array that holds the table. */
    private MemorySegment[] chunks = {};

    /** Entries in use of each table, for finding tables that became empty. */
    private int[] used = {};

    /** The list a table is on, by number of the next one: unused tables, or tables taken out of the tree. */
    private int[] next = {};

    private int unused = NONE;
    private int unusedCount;

    /**
     * A pool without tables.
     *
     * @param limit most tables it may hold
     */
    TablePool(int limit) {
        this.limit = limit;
    }

    /** Tables in use. */
    int inUse() {
        return next.length - unusedCount;
    }

    /**
     * Makes sure that so many tables can be taken.
     *
     * @throws VfioException ENOMEM
     */
    void reserve(int count) {
        while (unusedCount < count) {
            grow();
        }
    }

    /** Takes an empty table that was {@linkplain #reserve reserved}. */
    int take() {
        int table = unused;
        unused = next[table];
        unusedCount--;
        return table;
    }

    /** Puts a table in front of a list and answers the new list. */
    int chain(int table, int list) {
        next[table] = list;
        return table;
    }

    /** Takes a list of tables back that no device can be walking any more. */
    void giveBack(int list) {
        int table = list;
        while (table != NONE) {
            int following = next[table];
            if (used[table] != 0) {
                // Taken out of the tree as a whole, entries and all.
                MemorySegment.copy(EMPTY, 0, chunk(table), ValueLayout.JAVA_LONG, offset(table, 0), Pte.SLOTS);
                used[table] = 0;
            }
            unused = chain(table, unused);
            unusedCount++;
            table = following;
        }
    }

    int used(int table) {
        return used[table];
    }

    void changeUsed(int table, int by) {
        used[table] += by;
    }

    long entry(int table, int slot) {
        return (long) ENTRY.getAcquire(chunk(table), offset(table, slot));
    }

    void setEntry(int table, int slot, long entry) {
        ENTRY.setRelease(chunk(table), offset(table, slot), entry);
    }

    /** Replaces an entry unless somebody else changed it. */
    boolean replaceEntry(int table, int slot, long expected, long entry) {
        return ENTRY.compareAndSet(chunk(table), offset(table, slot), expected, entry);
    }

    /** Clears flags of an entry. */
    void clearFlags(int table, int slot, long flags) {
        long ignored = (long) ENTRY.getAndBitwiseAnd(chunk(table), offset(table, slot), ~flags);
    }

    @Override
    public void close() {
        arena.close();
    }

    private MemorySegment chunk(int table) {
        return chunks[table >>> CHUNK_SHIFT];
    }

    private static long offset(int table, int slot) {
        return ((long) (table & (CHUNK_TABLES - 1)) << TABLE_SHIFT) | ((long) slot << 3);
    }

    private void grow() {
        int first = next.length;
        int added = Math.min(CHUNK_TABLES, limit - first);
        if (added <= 0) {
            throw new VfioException(
                    Errno.ENOMEM, "map refused: the domain uses all of its " + limit + " page tables already");
        }
        try {
            MemorySegment chunk = arena.allocate((long) added << TABLE_SHIFT, 1L << TABLE_SHIFT);
            int[] largerUsed = Arrays.copyOf(used, first + added);
            int[] largerNext = Arrays.copyOf(next, first + added);
            MemorySegment[] largerChunks = Arrays.copyOf(chunks, chunks.length + 1);
            largerChunks[chunks.length] = chunk;
            used = largerUsed;
            next = largerNext;
            chunks = largerChunks;
        } catch (OutOfMemoryError exhausted) {
            throw new VfioException(
                    Errno.ENOMEM,
                    "map refused: no memory for page table number " + first + " of the domain",
                    exhausted);
        }
        for (int table = first + added - 1; table >= first; table--) {
            unused = chain(table, unused);
        }
        unusedCount += added;
    }
}
