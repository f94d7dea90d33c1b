// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.host.IommuDomain;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Puts areas into hardware page tables and takes them out. The caller holds the domains lock. Order on the way out is
 * fixed: translations go first, and {@link IommuDomain#unmap} returns only when no DMA uses them; then pages are let go.
 * Spec: iommufd §6.3 to §6.5, §6.10, §6.11.
 */
final class AreaFiller {
    private AreaFiller() {}

    /**
     * Pins an area's pages and maps them everywhere, or leaves nothing behind.
     *
     * @throws VfioException EFAULT, ENOMEM, and what the hardware says
     */
    static void fill(HwPageTable[] tables, Area area, boolean largePages, InternalErrors errors) {
        if (tables.length == 0) {
            return;
        }
        PageObject pages = area.pages;
        pages.pagesLock.lock();
        try {
            var span = new PageSpan(area.firstPage(), area.lastPage());
            pages.acquire(span);
            int done = 0;
            try {
                for (; done < tables.length; done++) {
                    map(tables[done], area, largePages, errors);
                }
            } catch (RuntimeException refused) {
                while (--done >= 0) {
                    unmap(tables[done], area, errors);
                }
                pages.release(span);
                throw refused;
            }
            area.filled = span;
        } finally {
            pages.pagesLock.unlock();
        }
    }

    /** Maps an area into one more hardware page table; pins its pages if this is the first. Nothing is left on failure. */
    static void fillOne(HwPageTable table, Area area, boolean first, boolean largePages, InternalErrors errors) {
        if (first) {
            fill(new HwPageTable[] {table}, area, largePages, errors);
            return;
        }
        area.pages.pagesLock.lock();
        try {
            map(table, area, largePages, errors);
        } finally {
            area.pages.pagesLock.unlock();
        }
    }

    /** Removes an area's translations everywhere, then lets its pages go. Cannot fail. */
    static void empty(HwPageTable[] tables, Area area, InternalErrors errors) {
        if (area.filled == null) {
            return;
        }
        for (HwPageTable table : tables) {
            unmap(table, area, errors);
        }
        release(area);
    }

    /** Removes an area's translations from one hardware page table. Cannot fail. */
    static void unmap(HwPageTable table, Area area, InternalErrors errors) {
        unmap(table.domain(), area.start, area.length, errors);
    }

    /** Lets the pages go that were held for hardware page tables. Cannot fail. */
    static void release(Area area) {
        PageSpan span = area.filled;
        if (span == null) {
            return;
        }
        area.pages.pagesLock.lock();
        try {
            area.pages.release(span);
            area.filled = null;
        } finally {
            area.pages.pagesLock.unlock();
        }
    }

    /** Maps the area's bytes run by run, physically adjacent ones in one call. Under the pages lock. */
    private static void map(HwPageTable table, Area area, boolean largePages, InternalErrors errors) {
        if (area.protection == 0) {
            throw new VfioException(
                    Errno.EINVAL, "the mapping at iova " + IovaSpace.hex(area.start) + " allows no access at all");
        }
        PageObject pages = area.pages;
        IommuDomain domain = table.domain();
        long mapped = 0;
        try {
            PinnedRun run = pinnedRun(pages.runAt(area.firstPage()));
            while (mapped < area.length) {
                long inRun = area.offset + mapped - (run.start << pages.pageShift());
                long phys = run.phys + inRun;
                long length = (run.pages() << pages.pageShift()) - inRun;
                PinnedRun next = run;
                while (length < area.length - mapped) {
                    PinnedRun following = pinnedRun(pages.nextRun(next));
                    if (following.phys != phys + length) {
                        next = following;
                        break;
                    }
                    length += following.pages() << pages.pageShift();
                    next = following;
                }
                length = Math.min(length, area.length - mapped);
                mapRun(
                        domain,
                        area.start + mapped,
                        phys,
                        length,
                        area.protection,
                        largePages ? length : pageSize(pages),
                        errors);
                mapped += length;
                run = next;
            }
        } catch (RuntimeException refused) {
            if (mapped != 0) {
                unmap(domain, area.start, mapped, errors);
            }
            throw refused;
        }
    }

    private static void mapRun(
            IommuDomain domain, long iova, long phys, long length, int protection, long step, InternalErrors errors) {
        long done = 0;
        try {
            while (done < length) {
                long part = Math.min(step, length - done);
                domain.map(iova + done, phys + done, part, protection);
                done += part;
            }
        } catch (RuntimeException refused) {
            if (done != 0) {
                unmap(domain, iova, done, errors);
            }
            throw refused;
        }
    }

    private static void unmap(IommuDomain domain, long iova, long length, InternalErrors errors) {
        long removed = domain.unmap(iova, length);
        if (removed != length) {
            errors.report("the IOMMU removed " + removed + " of " + length + " bytes at iova " + IovaSpace.hex(iova));
        }
    }

    private static long pageSize(PageObject pages) {
        return 1L << pages.pageShift();
    }

    private static PinnedRun pinnedRun(@Nullable PinnedRun run) {
        if (run == null) {
            throw new IllegalStateException("pages of a held span are not pinned");
        }
        return run;
    }
}
