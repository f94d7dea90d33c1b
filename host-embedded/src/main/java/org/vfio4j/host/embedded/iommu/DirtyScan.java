// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

/**
 * A walk over the pages that devices wrote, in address order and resumable: each call of {@link #next} is made under the
 * domain's table lock, looks at a bounded number of tables, and leaves a bounded number of runs, which the caller reports
 * with no lock held.
 *
 * <p>In tables of the smallest pages it goes by the marks: see {@link TablePool#markDirty}. The entries that are marked are
 * spread over memory no cache holds, so those of a table are first all read, which the processor does side by side, and
 * then changed one after the other: an atomic change lets nothing after it begin.
 */
final class DirtyScan {
    /** Tables looked at in one call. */
    private static final int TABLES_PER_CALL = 64;

    /** Most runs found in one call. */
    private static final int MOST_RUNS = 512;

    /** Most runs one table adds: every second slot, and the run that was open before. */
    private static final int RUNS_PER_TABLE = Pte.SLOTS / 2 + 1;

    private final PageTable table;
    private final TablePool pool;
    private final boolean clear;
    private final long last;
    private long position;

    private final long[] starts;
    private final long[] lengths;
    private int runs;

    /** Tables looked at in this call. */
    private int tables;

    private final long[] marks = new long[TablePool.MARK_WORDS];

    /** The run that what is found next may continue; empty when its length is 0. */
    private long openStart;

    private long openLength;

    /**
     * A walk. The first and the last run may reach beyond the range: they are of whole pages.
     *
     * @param iova first address
     * @param length bytes; a range beyond the tree's last address ends there
     * @param clear whether to clear the dirty bits of what is found
     */
    DirtyScan(PageTable table, long iova, long length, boolean clear) {
        this.table = table;
        this.pool = table.pool();
        this.clear = clear;
        boolean nothing = length <= 0 || table.isBeyond(iova);
        boolean wraps = iova + length < iova;
        this.position = nothing ? 1 : iova & -Pte.size(0);
        this.last = nothing ? 0 : wraps ? table.last() : Math.min(iova + length - 1, table.last());
        long mostRuns = nothing ? 1 : ((last - position) >>> Pte.PAGE_SHIFT) / 2 + 2;
        this.starts = new long[(int) Math.min(MOST_RUNS, mostRuns)];
        this.lengths = new long[starts.length];
    }

    /** Whether there may be more to find. */
    boolean hasMore() {
        return position <= last;
    }

    /** Runs found by the last call. */
    int runs() {
        return runs;
    }

    /** Where a run starts. */
    long iova(int run) {
        return starts[run];
    }

    /** Bytes of a run. */
    long length(int run) {
        return lengths[run];
    }

    /** Finds more; maybe no run at all. */
    void next() {
        runs = 0;
        tables = 0;
        while (mayGoOn()) {
            int level = table.find(position);
            if (level == 0) {
                lookAtTablesBelow(table.tableFound(1));
            } else {
                lookAtEntries(table.tableFound(level), level);
                tables++;
            }
        }
        if (!hasMore()) {
            closeRun();
        }
    }

    private boolean mayGoOn() {
        boolean hasRoom = runs == 0 || runs + RUNS_PER_TABLE <= starts.length;
        return hasMore() && tables < TABLES_PER_CALL && hasRoom;
    }

    /** The tables of the smallest pages under one table, as long as they follow each other. */
    private void lookAtTablesBelow(int above) {
        int slot = Pte.slot(position, 1);
        long entry = pool.entry(above, slot);
        while (Pte.isTable(entry)) {
            int number = Pte.tableNumber(entry);
            if (pool.hasDirtyMarks(number)) {
                lookAtMarks(number);
            }
            position = (position & -Pte.size(1)) + Pte.size(1);
            tables++;
            slot++;
            if (slot == Pte.SLOTS || !mayGoOn()) {
                return;
            }
            entry = pool.entry(above, slot);
        }
    }

    private void lookAtMarks(int number) {
        long tableStart = position & -Pte.size(1);
        int first = Pte.slot(position, 0);
        int end = (int) Math.min(Pte.SLOTS - 1, (last - tableStart) >>> Pte.PAGE_SHIFT);
        for (int word = first / Long.SIZE; word <= end / Long.SIZE; word++) {
            long wanted = slotsOfWord(word, first, end);
            marks[word] = clear ? pool.takeDirtyMarks(number, word, wanted) : pool.dirtyMarks(number, word) & wanted;
        }
        for (int word = first / Long.SIZE; word <= end / Long.SIZE; word++) {
            for (long left = marks[word]; left != 0; left &= left - 1) {
                long ignored = pool.entry(number, word * Long.SIZE + Long.numberOfTrailingZeros(left));
            }
        }
        for (int word = first / Long.SIZE; word <= end / Long.SIZE; word++) {
            for (long left = marks[word]; left != 0; left &= left - 1) {
                int slot = word * Long.SIZE + Long.numberOfTrailingZeros(left);
                if (wasDirty(number, slot)) {
                    add(tableStart + ((long) slot << Pte.PAGE_SHIFT), Pte.size(0));
                }
            }
        }
    }

    private static long slotsOfWord(int word, int first, int end) {
        int from = Math.max(first - word * Long.SIZE, 0);
        int to = Math.min(end - word * Long.SIZE, Long.SIZE - 1);
        return (-1L << from) & (-1L >>> (Long.SIZE - 1 - to));
    }

    /** Large pages: few entries, so these have no marks. */
    private void lookAtEntries(int number, int level) {
        long size = Pte.size(level);
        for (int slot = Pte.slot(position, level); slot < Pte.SLOTS && hasMore(); slot++) {
            long entry = pool.entry(number, slot);
            if (Pte.isTable(entry)) {
                return;
            }
            long start = position & -size;
            if ((entry & Pte.DIRTY) != 0 && wasDirty(number, slot)) {
                add(start, size);
            }
            position = start + size;
        }
    }

    private boolean wasDirty(int number, int slot) {
        long entry = clear ? pool.clearFlags(number, slot, Pte.DIRTY) : pool.entry(number, slot);
        return Pte.isPage(entry) && (entry & Pte.DIRTY) != 0;
    }

    private void add(long start, long length) {
        if (openLength != 0 && openStart + openLength == start) {
            openLength += length;
            return;
        }
        closeRun();
        openStart = start;
        openLength = length;
    }

    private void closeRun() {
        if (openLength != 0) {
            starts[runs] = openStart;
            lengths[runs] = openLength;
            runs++;
            openLength = 0;
        }
    }
}
