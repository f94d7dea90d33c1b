// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

/**
 * A walk over the pages mapped in a range, in address order and resumable: each call of {@link #nextRun} is made
 * under the domain's table lock and ends after one finding or a bounded stretch without any, so that the caller can report
 * what was found with no lock held.
 */
final class PageScan {
    /** Tables looked at in one call before it ends without a finding. */
    private static final int TABLES_PER_CALL = 64;

    private final PageTable table;
    private final TablePool pool;
    private final long last;
    private long position;

    private long iova;
    private long phys;
    private long length;
    private boolean complete;

    /**
     * A walk.
     *
     * @param iova first address
     * @param length bytes; a range beyond the tree's last address ends there
     */
    PageScan(PageTable table, long iova, long length) {
        this.table = table;
        this.pool = table.pool();
        boolean nothing = length <= 0 || table.isBeyond(iova);
        boolean wraps = iova + length < iova;
        this.position = nothing ? 1 : iova;
        this.last = nothing ? 0 : wraps ? table.last() : Math.min(iova + length - 1, table.last());
    }

    /** Whether there may be more to find. */
    boolean hasMore() {
        return position <= last;
    }

    /** Where the finding of the last call is. */
    long iova() {
        return iova;
    }

    /** The physical address of the run found. */
    long phys() {
        return phys;
    }

    /** Length of the finding of the last call; 0 when it found none. */
    long length() {
        return length;
    }

    /** Finds the next physically contiguous run, cut to the range. */
    void nextRun() {
        length = 0;
        complete = false;
        for (int tables = 0; hasMore() && !complete && (tables < TABLES_PER_CALL || length > 0); tables++) {
            int level = table.find(position);
            int number = table.tableFound(level);
            for (int slot = Pte.slot(position, level); slot < Pte.SLOTS && hasMore() && !complete; slot++) {
                long entry = pool.entry(number, slot);
                if (Pte.isTable(entry)) {
                    break;
                }
                addToRun(entry, level);
            }
        }
    }

    private void addToRun(long entry, int level) {
        long end = Math.min(position | (Pte.size(level) - 1), last);
        if (Pte.isPage(entry)) {
            long at = Pte.phys(entry) | (position & (Pte.size(level) - 1));
            if (length == 0) {
                iova = position;
                phys = at;
            } else if (phys + length != at) {
                complete = true;
                return;
            }
            length += end - position + 1;
        } else if (length > 0) {
            complete = true;
        }
        position = end + 1;
    }
}
