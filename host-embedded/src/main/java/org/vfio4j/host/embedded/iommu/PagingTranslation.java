// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.host.DmaFault;
import org.vfio4j.spi.memory.PhysicalMemory;

/** A port attached to a paging domain: walks its tables, from the lowest one if the walk cache knows it. */
final class PagingTranslation extends Translation {
    /** Tables of level 0 remembered, by the 2 MiB they map. */
    private static final int WALK_CACHE = 128;

    private static final int REGION_SHIFT = Pte.shift(1);

    private final PageTable table;
    private final TablePool pool;

    private final Region[] regions = new Region[WALK_CACHE];

    PagingTranslation(IommuPort port, PagingDomain domain, PhysicalMemory physical) {
        super(port, domain.ports(), physical);
        this.table = domain.table();
        this.pool = table.pool();
        Arrays.setAll(regions, region -> new Region());
    }

    /**
     * {@inheritDoc} The way through a table the walk cache knows is kept short: while the processor waits for memory it begins the
     * next accesses, as many as it can hold.
     */
    @Override
    @Nullable
    IotlbLine walk(long iova, boolean write) {
        Region region = region(iova);
        if (region.tag == regionTag(iova)) {
            long place = region.offset + ((iova >>> Pte.PAGE_SHIFT & Pte.SLOTS - 1) << 3);
            return translate(region.chunk, place, region.table, 0, iova, write);
        }
        return walkDown(iova, write);
    }

    private @Nullable IotlbLine walkDown(long iova, boolean write) {
        if (table.isBeyond(iova)) {
            return refused(DmaFault.Reason.NOT_MAPPED);
        }
        int level = table.top();
        int number = table.root();
        long entry = pool.entry(number, Pte.slot(iova, level));
        while (Pte.isTable(entry)) {
            number = Pte.tableNumber(entry);
            level--;
            entry = pool.entry(number, Pte.slot(iova, level));
        }
        if (level == 0) {
            remember(iova, number);
        }
        return translate(
                pool.chunk(number), TablePool.offset(number, Pte.slot(iova, level)), number, level, iova, write);
    }

    /** Uses an entry that maps a page, or nothing. */
    private @Nullable IotlbLine translate(
            MemorySegment chunk, long place, int number, int level, long iova, boolean write) {
        long entry = TablePool.entry(chunk, place);
        long needed = Pte.PRESENT | (write ? Pte.WRITE : Pte.READ);
        if ((entry & (needed | Pte.TABLE)) != needed) {
            // A table where there was none a moment ago: the mapping is being made.
            return refused(Pte.isPage(entry) ? DmaFault.Reason.PERMISSION : DmaFault.Reason.NOT_MAPPED);
        }
        long touched = entry | Pte.ACCESSED | (write ? Pte.DIRTY : 0);
        if (touched != entry && !TablePool.replaceEntry(chunk, place, entry, touched)) {
            return walkDown(iova, write);
        }
        long pageMask = Pte.size(level) - 1;
        boolean writable = (touched & (Pte.WRITE | Pte.DIRTY)) == (Pte.WRITE | Pte.DIRTY);
        if (writable && level == 0) {
            pool.markDirty(number, Pte.slot(iova, 0));
        }
        return fill(iova, Pte.phys(entry) | (iova & pageMask), pageMask, (entry & Pte.READ) != 0, writable);
    }

    private void remember(long iova, int number) {
        Region region = region(iova);
        region.tag = regionTag(iova);
        region.table = number;
        region.chunk = pool.chunk(number);
        region.offset = TablePool.offset(number, 0);
    }

    private Region region(long iova) {
        return regions[(int) (iova >>> REGION_SHIFT) & (regions.length - 1)];
    }

    private long regionTag(long iova) {
        return (iova & -(1L << REGION_SHIFT)) | epoch();
    }

    @Override
    void clearWalkCache() {
        for (Region region : regions) {
            region.tag = NO_EPOCH;
        }
    }

    /** A table of level 0 and the addresses it maps, as a tag: see {@link Translation}. */
    private static final class Region {
        long tag = NO_EPOCH;
        int table;

        /** Where the table is. */
        MemorySegment chunk = MemorySegment.NULL;

        long offset;
    }
}
