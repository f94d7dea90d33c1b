// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import java.util.Arrays;
import org.vfio4j.spi.host.DmaFault;
import org.vfio4j.spi.memory.PhysicalMemory;

/** A port attached to a paging domain: walks its tables, from the lowest one if the walk cache knows it. */
final class PagingTranslation extends Translation {
    /** Tables of level 0 remembered, by the 2 MiB they map. */
    private static final int WALK_CACHE = 128;

    private static final int REGION_SHIFT = Pte.shift(1);

    private final PageTable table;
    private final TablePool pool;

    /** Regions as tags, see {@link Translation}; the number of the region's table has the same place. */
    private final long[] regionTags = new long[WALK_CACHE];

    private final int[] regionTables = new int[WALK_CACHE];

    PagingTranslation(IommuPort port, PagingDomain domain, PhysicalMemory physical) {
        super(port, domain.ports(), physical);
        this.table = domain.table();
        this.pool = table.pool();
    }

    @Override
    int walk(long iova, boolean write) {
        if (table.isBeyond(iova)) {
            return refuse(DmaFault.Reason.NOT_MAPPED);
        }
        long regionTag = (iova & -(1L << REGION_SHIFT)) | epoch();
        int region = (int) (iova >>> REGION_SHIFT) & (WALK_CACHE - 1);
        boolean known = regionTags[region] == regionTag;
        int level = known ? 0 : table.top();
        int number = known ? regionTables[region] : table.root();
        while (true) {
            int slot = Pte.slot(iova, level);
            long entry = pool.entry(number, slot);
            if (Pte.isTable(entry)) {
                number = Pte.tableNumber(entry);
                level--;
                if (level == 0) {
                    regionTags[region] = regionTag;
                    regionTables[region] = number;
                }
                continue;
            }
            if (!Pte.isPage(entry)) {
                return refuse(DmaFault.Reason.NOT_MAPPED);
            }
            if ((entry & (write ? Pte.WRITE : Pte.READ)) == 0) {
                return refuse(DmaFault.Reason.PERMISSION);
            }
            long touched = entry | Pte.ACCESSED | (write ? Pte.DIRTY : 0);
            if (touched == entry || pool.replaceEntry(number, slot, entry, touched)) {
                long pageMask = Pte.size(level) - 1;
                boolean writable = (touched & (Pte.WRITE | Pte.DIRTY)) == (Pte.WRITE | Pte.DIRTY);
                if (writable && level == 0) {
                    pool.markDirty(number, slot);
                }
                return fill(iova, Pte.phys(entry) | (iova & pageMask), pageMask, (entry & Pte.READ) != 0, writable);
            }
            // The entry was changed meanwhile: look again.
        }
    }

    @Override
    void clearWalkCache() {
        Arrays.fill(regionTags, NO_EPOCH);
    }
}
