// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * A tree of tables with nine bits of address per level, which maps 4 KiB, 2 MiB and 1 GiB pages. Level 0 holds the smallest
 * pages. Cost of a change is the pages it touches at the size they are mapped with.
 *
 * <p>Changes and {@link #find} are called under the domain's table lock; {@link #unmap} leaves the tables that became empty
 * in {@link #takeRetired}, to be given back when no device can be walking them.
 */
final class PageTable {
    private final int addressBits;
    private final int top;
    private final long pageSizes;
    private final TablePool pool;
    private final int root;

    /** Tables met on the way down to the level {@link #find} answered, by level. Guarded by the domain's table lock. */
    private final int[] path;

    /** Tables taken out of the tree. Guarded by the domain's table lock. */
    private int retired = TablePool.NONE;

    /**
     * An empty tree.
     *
     * @param addressBits width of addresses
     * @param pageSizes page sizes to use, one bit each
     * @param memory who lends memory for tables
     * @param tableLimit most tables it may have
     * @param recordsWrites whether {@link DirtyScan} is going to be used
     * @throws VfioException ENOMEM
     */
    PageTable(int addressBits, long pageSizes, TableMemory memory, int tableLimit, boolean recordsWrites) {
        this.addressBits = addressBits;
        this.top = (addressBits - Pte.PAGE_SHIFT + Pte.SLOT_BITS - 1) / Pte.SLOT_BITS - 1;
        this.pageSizes = pageSizes;
        this.path = new int[top + 1];
        this.pool = new TablePool(memory, tableLimit, recordsWrites);
        try {
            pool.reserve(1);
        } catch (VfioException refused) {
            pool.close();
            throw refused;
        }
        this.root = pool.take();
    }

    TablePool pool() {
        return pool;
    }

    int root() {
        return root;
    }

    /** The level of the root. */
    int top() {
        return top;
    }

    /** Whether an address is too wide to be in the tree. */
    boolean isBeyond(long iova) {
        return iova >>> addressBits != 0;
    }

    /** The last address in the tree. */
    long last() {
        return (1L << addressBits) - 1;
    }

    /**
     * Maps a range that the caller has checked. When it is refused, what was mapped until then has been unmapped again.
     *
     * @throws VfioException EADDRINUSE, ENOMEM
     */
    void map(long iova, long phys, long length, int protection) {
        long done = 0;
        try {
            while (done < length) {
                int level = largestLevel((iova + done) | (phys + done), length - done);
                int table = tableFor(iova + done, level);
                int slot = Pte.slot(iova + done, level);
                int wanted = (int) Math.min(Pte.SLOTS - slot, (length - done) >>> Pte.shift(level));
                int filled = fill(table, slot, wanted, level, Pte.page(phys + done, protection));
                done += (long) filled << Pte.shift(level);
                if (filled < wanted) {
                    throw inUse(iova + done);
                }
            }
        } catch (VfioException refused) {
            unmap(iova, done);
            throw refused;
        }
    }

    /**
     * Empties the entries of all pages that start in a range and follow each other from its first byte on.
     *
     * @return bytes unmapped; more than asked when the last page reaches beyond the range
     */
    long unmap(long iova, long length) {
        long removed = 0;
        while (removed < length && !isBeyond(iova + removed)) {
            long at = iova + removed;
            int level = find(at);
            long entry = entryFound(at, level);
            if (!Pte.isPage(entry) || (at & (Pte.size(level) - 1)) != 0) {
                break;
            }
            removed += (long) clear(at, level, length - removed) << Pte.shift(level);
        }
        return removed;
    }

    /** Tables that {@link #unmap} took out of the tree since the last call, as a list of the pool. */
    int takeRetired() {
        int list = retired;
        retired = TablePool.NONE;
        return list;
    }

    /** Goes down to the entry that decides about an address and answers its level. */
    int find(long iova) {
        int level = top;
        int table = root;
        path[level] = table;
        long entry = pool.entry(table, Pte.slot(iova, level));
        while (Pte.isTable(entry)) {
            table = Pte.tableNumber(entry);
            level--;
            path[level] = table;
            entry = pool.entry(table, Pte.slot(iova, level));
        }
        return level;
    }

    /**
     * Reads the entry that decides about an address, so that it is in the cache afterwards. Takes part in no protocol: what it
     * goes through may be changed or used for something else meanwhile, but never freed, and what it finds means nothing.
     */
    void touch(long iova) {
        int level = top;
        long entry = pool.entry(root, Pte.slot(iova, level));
        while (level > 0 && Pte.isTable(entry)) {
            level--;
            entry = pool.entry(Pte.tableNumber(entry), Pte.slot(iova, level));
        }
    }

    /** The table {@link #find} met at a level. */
    int tableFound(int level) {
        return path[level];
    }

    /** The entry {@link #find} ended at. */
    long entryFound(long iova, int level) {
        return pool.entry(path[level], Pte.slot(iova, level));
    }

    private int largestLevel(long alignment, long remaining) {
        for (int level = top; level > 0; level--) {
            long size = Pte.size(level);
            if ((pageSizes & size) != 0 && (alignment & (size - 1)) == 0 && remaining >= size) {
                return level;
            }
        }
        return 0;
    }

    /** The table that holds an address' entry at a level; made, with those above it, if there is none. */
    private int tableFor(long iova, int level) {
        int table = root;
        for (int at = top; at > level; at--) {
            long entry = pool.entry(table, Pte.slot(iova, at));
            if (entry == 0) {
                pool.reserve(at - level);
                return build(table, iova, at, level);
            }
            if (Pte.isPage(entry)) {
                throw inUse(iova);
            }
            table = Pte.tableNumber(entry);
        }
        return table;
    }

    private int build(int from, long iova, int fromLevel, int level) {
        int table = from;
        for (int at = fromLevel; at > level; at--) {
            int below = pool.take();
            pool.setEntry(table, Pte.slot(iova, at), Pte.table(below));
            pool.changeUsed(table, 1);
            table = below;
        }
        return table;
    }

    /** Fills neighbouring empty slots until one is not empty; answers how many. */
    private int fill(int table, int slot, int wanted, int level, long firstEntry) {
        long entry = firstEntry;
        int filled = 0;
        while (filled < wanted && pool.entry(table, slot + filled) == 0) {
            pool.setEntry(table, slot + filled, entry);
            entry += Pte.size(level);
            filled++;
        }
        pool.changeUsed(table, filled);
        return filled;
    }

    /** Empties neighbouring slots of the table found; answers how many. */
    private int clear(long iova, int level, long remaining) {
        int table = path[level];
        int slot = Pte.slot(iova, level);
        int wanted = (int) Math.min(Pte.SLOTS - slot, ((remaining - 1) >>> Pte.shift(level)) + 1);
        if (wanted == Pte.SLOTS && level == 0 && pool.used(table) == Pte.SLOTS) {
            // Every slot maps a page: cut the table off as it is.
            cutOff(iova, level);
            return wanted;
        }
        int cleared = 0;
        while (cleared < wanted && Pte.isPage(pool.entry(table, slot + cleared))) {
            pool.setEntry(table, slot + cleared, 0);
            cleared++;
        }
        pool.changeUsed(table, -cleared);
        if (level < top && pool.used(table) == 0) {
            cutOff(iova, level);
        }
        return cleared;
    }

    /** Takes the table found at a level out of the tree, with those above it that become empty. */
    private void cutOff(long iova, int level) {
        int at = level;
        do {
            retired = pool.chain(path[at], retired);
            at++;
            pool.setEntry(path[at], Pte.slot(iova, at), 0);
            pool.changeUsed(path[at], -1);
        } while (at < top && pool.used(path[at]) == 0);
    }

    private static VfioException inUse(long iova) {
        return new VfioException(
                Errno.EADDRINUSE, "map refused: something is mapped at iova 0x" + Long.toHexString(iova) + " already");
    }
}
