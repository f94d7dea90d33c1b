// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The table pages of one domain: 4 KiB of off-heap memory each, known by number. Tables that nobody uses are kept for the
 * next; everything goes back with {@link #close}. The memory of the first ones is lent by the unit, see {@link TableMemory}.
 *
 * <p>Entries may be read and their flags changed by any thread while it is kept safe from {@link #giveBack}; all other
 * methods are called under the domain's table lock.
 */
final class TablePool implements AutoCloseable {
    /** No table. */
    static final int NONE = -1;

    private static final VarHandle ENTRY = ValueLayout.JAVA_LONG.varHandle();
    private static final VarHandle MARK = MethodHandles.arrayElementVarHandle(long[].class);
    private static final long[] EMPTY = new long[Pte.SLOTS];
    private static final int TABLE_SHIFT = 12;
    private static final int CHUNK_SHIFT = 5;
    private static final int CHUNK_TABLES = 1 << CHUNK_SHIFT;

    /** Bytes of a table. */
    static final int TABLE_BYTES = 1 << TABLE_SHIFT;

    /** From this chunk on, that is from the 513th table, memory is taken in large pieces. */
    private static final int FIRST_LARGE = 16;

    /** Chunks that a domain asks the unit for: enough for 256 tables. Larger domains are made less often than small ones. */
    private static final int MOST_LENT = 8;

    /** Words of dirty marks per table: a bit for each slot, all in one cache line's worth of memory. */
    static final int MARK_WORDS = Pte.SLOTS / Long.SIZE;

    private final int limit;
    private final boolean recordsWrites;
    private final TableMemory memory;

    /** How many of the first chunks are lent by {@link #memory}; all others are in {@link #own}. */
    private int lent;

    /** Memory that is not the unit's; null until some is needed, since to close it stops every thread for a moment. */
    private @Nullable Arena own;

    /** The large piece that chunks are taken from; null when there is none yet. */
    private @Nullable MemorySegment large;

    /** Bytes of {@link #large} taken. */
    private int largeUsed;

    /** Grown by copying; an entry that leads to a table is stored after the array that holds the table. */
    private MemorySegment[] chunks = {};

    /**
     * Where to look for dirty entries: a bit for each slot of the tables of each chunk, see {@link #markDirty}. Whoever reads
     * which of 512 pages were written reads 64 bytes instead of 4096. Grown as {@link #chunks} are.
     */
    private long[][] dirtyMarks = {};

    /** Entries in use of each table, for finding tables that became empty. */
    private int[] used = {};

    /** The list a table is on, by number of the next one: unused tables, or tables taken out of the tree. */
    private int[] next = {};

    private int unused = NONE;
    private int unusedCount;

    /**
     * A pool without tables.
     *
     * @param memory who lends the first chunks
     * @param limit most tables it may hold
     * @param recordsWrites whether anybody is going to ask for dirty marks
     */
    TablePool(TableMemory memory, int limit, boolean recordsWrites) {
        this.memory = memory;
        this.limit = limit;
        this.recordsWrites = recordsWrites;
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
            clear(table);
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

    /** An entry of a table that is at an {@link #offset} in a {@link #chunk}. */
    static long entry(MemorySegment chunk, long offset) {
        return (long) ENTRY.getAcquire(chunk, offset);
    }

    void setEntry(int table, int slot, long entry) {
        ENTRY.setRelease(chunk(table), offset(table, slot), entry);
    }

    /** Replaces an entry unless somebody else changed it. */
    static boolean replaceEntry(MemorySegment chunk, long offset, long expected, long entry) {
        return ENTRY.compareAndSet(chunk, offset, expected, entry);
    }

    /** Clears flags of an entry; answers what it was before. */
    long clearFlags(int table, int slot, long flags) {
        return (long) ENTRY.getAndBitwiseAnd(chunk(table), offset(table, slot), ~flags);
    }

    /**
     * Marks a slot whose entry is dirty. Called after the entry's flag was set, or found set, and before the device writes.
     *
     * <p>Whoever clears takes marks first and flags afterwards. A mark without a flag is a page already reported; a flag
     * without a mark is one whose port is about to mark it. A port that finds the flag set by another one marks as well, so
     * no write is done before its mark can be seen, nor survives the clearing of its mark unreported.
     */
    void markDirty(int table, int slot) {
        if (recordsWrites) {
            long[] marks = dirtyMarks[table >>> CHUNK_SHIFT];
            int word = markWord(table, slot / Long.SIZE);
            long bit = 1L << slot % Long.SIZE;
            if (((long) MARK.getOpaque(marks, word) & bit) == 0) {
                long ignored = (long) MARK.getAndBitwiseOr(marks, word, bit);
            }
        }
    }

    /** Whether there is any mark. */
    boolean hasDirtyMarks(int table) {
        long[] marks = dirtyMarks[table >>> CHUNK_SHIFT];
        int first = markWord(table, 0);
        long any = 0;
        for (int word = 0; word < MARK_WORDS; word++) {
            any |= (long) MARK.getOpaque(marks, first + word);
        }
        return any != 0;
    }

    /** The marks of 64 slots. */
    long dirtyMarks(int table, int word) {
        return (long) MARK.getAcquire(dirtyMarks[table >>> CHUNK_SHIFT], markWord(table, word));
    }

    /** Takes some of the marks of 64 slots away; answers those that were there. */
    long takeDirtyMarks(int table, int word, long taken) {
        if ((dirtyMarks(table, word) & taken) == 0) {
            return 0;
        }
        return taken & (long) MARK.getAndBitwiseAnd(dirtyMarks[table >>> CHUNK_SHIFT], markWord(table, word), ~taken);
    }

    private static int markWord(int table, int word) {
        return (table & (CHUNK_TABLES - 1)) * MARK_WORDS + word;
    }

    /** Makes a table zero again, if it was taken out of the tree as a whole, entries and all. */
    private void clear(int table) {
        if (used[table] != 0) {
            MemorySegment.copy(EMPTY, 0, chunk(table), ValueLayout.JAVA_LONG, offset(table, 0), Pte.SLOTS);
            used[table] = 0;
        }
    }

    /**
     * Gives all memory back. Called when no port can translate with these tables any more: each has ceased to, and the access it
     * was in has ended. A table whose count of entries is 0 is all zeros, since ports only change flags of entries they find; the
     * others are cleared, in memory that goes on to another domain.
     */
    @Override
    public void close() {
        for (int table = 0; table < Math.min(lent << CHUNK_SHIFT, used.length); table++) {
            clear(table);
        }
        MemorySegment[] mine = chunks;
        chunks = new MemorySegment[0];
        for (int chunk = 0; chunk < lent; chunk++) {
            memory.giveBack(mine[chunk]);
        }
        lent = 0;
        if (own != null) {
            own.close();
        }
    }

    /** The memory a table is in; the same for as long as the pool is open. */
    MemorySegment chunk(int table) {
        return chunks[table >>> CHUNK_SHIFT];
    }

    /** Where in its chunk an entry of a table is. */
    static long offset(int table, int slot) {
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
            int[] largerUsed = Arrays.copyOf(used, first + added);
            int[] largerNext = Arrays.copyOf(next, first + added);
            MemorySegment[] largerChunks = Arrays.copyOf(chunks, chunks.length + 1);
            if (recordsWrites) {
                long[][] largerMarks = Arrays.copyOf(dirtyMarks, chunks.length + 1);
                largerMarks[chunks.length] = new long[CHUNK_TABLES * MARK_WORDS];
                dirtyMarks = largerMarks;
            }
            largerChunks[chunks.length] = newChunk(); // last, since nothing after it can fail
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

    /** Memory for {@value #CHUNK_TABLES} tables, all zeros. */
    private MemorySegment newChunk() {
        if (chunks.length == lent && lent < MOST_LENT) {
            MemorySegment chunk = memory.lend();
            if (chunk != null) {
                lent++;
                return chunk;
            }
        }
        Arena arena = own;
        if (arena == null) {
            arena = Arena.ofShared();
            own = arena;
        }
        if (chunks.length < FIRST_LARGE) {
            return arena.allocate(TableMemory.CHUNK_BYTES, TABLE_BYTES);
        }
        MemorySegment piece = large;
        if (piece == null || largeUsed == TableMemory.LARGE_BYTES) {
            piece = memory.newLarge(arena);
            large = piece;
            largeUsed = 0;
        }
        MemorySegment chunk = piece.asSlice(largeUsed, TableMemory.CHUNK_BYTES);
        largeUsed += TableMemory.CHUNK_BYTES;
        return chunk;
    }
}
