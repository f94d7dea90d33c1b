// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import static org.vfio4j.backend.spapr.Refusal.hex;

import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.host.TceTable;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Version 2: entries point into memory registered in the owner's address space, by whichever of its containers. A page costs
 * a look-up and a reference to its region; nothing is pinned or charged. The table's user view tells which region an entry
 * belongs to. Spec: spapr §6, §8.
 */
final class RegisteredPages implements PageSource {
    private static final int PROTECTION_MASK = Protection.READ | Protection.WRITE;

    private final OwnerBinding owner;

    RegisteredPages(OwnerBinding owner) {
        this.owner = owner;
    }

    @Override
    public PageCursor open(int shift, long pages) {
        return new Cursor(owner.regions("MAP_DMA"), shift, pages);
    }

    @Override
    public long note(TceTable table, long entry, long vaddr) {
        long before = table.userAddress(entry);
        table.setUserAddress(entry, vaddr);
        return before;
    }

    @Override
    public long token(long note, long old) {
        return note | (old & PROTECTION_MASK);
    }

    @Override
    public void release(long[] tokens, int count, int shift) {
        RegionTable regions = owner.regions("UNMAP_DMA");
        MemoryRegion region = null;
        int entries = 0;
        for (int i = 0; i < count; i++) {
            long vaddr = tokens[i] & ~PROTECTION_MASK;
            if (region == null || vaddr < region.vaddr() || vaddr >= region.end()) {
                if (region != null) {
                    regions.release(region, entries);
                }
                region = regionOfEntry(regions, vaddr);
                entries = 0;
            }
            entries++;
            if ((tokens[i] & Protection.WRITE) != 0) {
                region.markDirty();
            }
        }
        if (region != null) {
            regions.release(region, entries);
        }
    }

    private static MemoryRegion regionOfEntry(RegionTable regions, long vaddr) {
        MemoryRegion region = regions.find(vaddr);
        if (region == null) {
            throw new IllegalStateException(
                    "an entry pointed to " + hex(vaddr) + " but kept no region there from being freed");
        }
        return region;
    }

    /** References are taken for as many pages as fit into a region at once, so that threads do not fight over its count. */
    private static final class Cursor implements PageCursor {
        private final RegionTable regions;
        private final int shift;
        private long pagesLeft;
        private @Nullable MemoryRegion region;
        /** References held for pages that are not taken yet. */
        private long available;

        private Cursor(RegionTable regions, int shift, long pages) {
            this.regions = regions;
            this.shift = shift;
            this.pagesLeft = pages;
        }

        @Override
        public long take(long vaddr) {
            MemoryRegion current = region;
            if (current == null || available == 0) {
                current = enter(vaddr);
            }
            long phys = current.physical(vaddr, shift);
            if (phys == -1) {
                throw Refusal.of(
                        Errno.EPERM,
                        "MAP_DMA",
                        "the memory at " + hex(vaddr) + " is not one page of " + hex(1L << shift) + " bytes");
            }
            available--;
            pagesLeft--;
            return phys;
        }

        private MemoryRegion enter(long vaddr) {
            MemoryRegion next = regions.find(vaddr);
            long fitting = next == null ? 0 : (next.end() - vaddr) >>> shift;
            if (next == null || fitting == 0) {
                throw refuse("no registered memory holds the page of " + hex(1L << shift) + " bytes at " + hex(vaddr));
            }
            if (next.pageShift() < shift) {
                throw refuse("registered memory " + next + " offers pages of at most " + hex(1L << next.pageShift())
                        + " bytes, the window has pages of " + hex(1L << shift));
            }
            long wanted = Math.min(fitting, pagesLeft);
            if (!next.acquire(wanted)) {
                throw refuse("registered memory " + next + " is being unregistered");
            }
            region = next;
            available = wanted;
            return next;
        }

        @Override
        public void giveBack(long phys) {
            available++;
            pagesLeft++;
        }

        @Override
        public void close() {
            MemoryRegion current = region;
            if (current != null && available > 0) {
                regions.release(current, available);
            }
        }

        private static VfioException refuse(String reason) {
            return Refusal.of(Errno.EINVAL, "MAP_DMA", reason);
        }
    }
}
