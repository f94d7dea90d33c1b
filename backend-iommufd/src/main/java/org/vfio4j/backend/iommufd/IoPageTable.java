// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.IommuDomain;
import org.vfio4j.spi.host.ReservedRegion;
import org.vfio4j.spi.iommu.DmaLimits;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The engine of one IOAS: its address layout, the hardware page tables that hold its translations and the accesses that
 * use it (kernel: {@code struct io_pagetable}). This file has the state and what attaches to it; {@link IoasMapper},
 * {@link IoasUnmapper} and {@link IoasAccessor} work on areas.
 *
 * <p>Invariant: whenever nobody holds the domains lock, every hardware page table holds the translations of exactly the
 * areas that are {@link Area.State#READY}. Spec: iommufd §6, §12.
 */
final class IoPageTable {
    /** Accesses one IOAS can have. */
    private static final int MAX_ACCESSES = 65_536;

    /**
     * Who uses the engine: {@link #tables}, {@link #accesses} and whether areas are filled. Exclusive to add or remove one,
     * shared while areas are filled or emptied. Order: IOAS mutex, group lock, host's group lock, <b>domains lock</b>, IOVA
     * lock, pages lock, address space, id lock.
     */
    final ReentrantReadWriteLock domainsLock = new ReentrantReadWriteLock();

    /** The layout: {@link #space} and the states of its areas. Taken after the domains lock, before a pages lock. */
    final ReentrantReadWriteLock iovaLock = new ReentrantReadWriteLock();

    final IovaSpace space;
    final int pageSize;
    final InternalErrors errors;

    /** Hardware page tables by age. Replaced, never changed in place, under both locks, exclusive. */
    private volatile HwPageTable[] tables = {};

    /** Accesses by age. Replaced, never changed in place, under both locks, exclusive; read without one to notify them. */
    private volatile Access[] accesses = {};

    /** False: every map call to the hardware is one base page, so areas can be cut. Under both locks, exclusive. */
    private volatile boolean largePages = true;

    IoPageTable(int pageSize, InternalErrors errors) {
        this.pageSize = pageSize;
        this.errors = errors;
        this.space = new IovaSpace(pageSize);
    }

    HwPageTable[] tables() {
        return tables;
    }

    Access[] accesses() {
        return accesses;
    }

    boolean largePages() {
        return largePages;
    }

    /**
     * Adds a hardware page table and fills it from all areas; on failure it is left empty and out.
     *
     * @throws VfioException EINVAL, EADDRINUSE, EFAULT, ENOMEM
     */
    void addTable(HwPageTable table) {
        IommuDomain domain = table.domain();
        long smallest = Long.lowestOneBit(domain.pageSizes());
        if (Long.compareUnsigned(smallest, pageSize) > 0) {
            throw new VfioException(
                    Errno.EINVAL, "the IOMMU's smallest page of " + smallest + " bytes exceeds " + pageSize);
        }
        lockAll();
        try {
            long oldAlignment = space.alignment();
            try {
                if (domain.apertureStart() != 0) {
                    space.reserve(0, domain.apertureStart() - 1, table);
                }
                if (domain.apertureEnd() != -1) {
                    space.reserve(domain.apertureEnd() + 1, -1, table);
                }
                space.setAlignment(Math.max(oldAlignment, smallest));
                fillAll(table);
            } catch (RuntimeException refused) {
                space.unreserve(table);
                space.setAlignment(oldAlignment);
                throw refused;
            }
            tables = append(tables, table);
        } finally {
            unlockAll();
        }
    }

    /** Empties a hardware page table and takes it out. Cannot fail. */
    void removeTable(HwPageTable table) {
        lockAll();
        try {
            HwPageTable[] remaining = without(tables, table);
            for (Area area = space.areas.first(); area != null; area = space.areas.next(area)) {
                if (area.filled == null) {
                    continue;
                }
                AreaFiller.unmap(table, area, errors);
                if (remaining.length == 0) {
                    AreaFiller.release(area);
                }
            }
            tables = remaining;
            space.unreserve(table);
            space.setAlignment(currentAlignment());
        } finally {
            unlockAll();
        }
    }

    /** The IOAS goes: lets go of all areas' pages. Nobody else uses the engine. */
    void dropAreas() {
        for (Area area = space.areas.first(); area != null; area = space.areas.first()) {
            space.areas.remove(area);
            area.pages.drop();
        }
    }

    /**
     * Adds an access.
     *
     * @throws VfioException EADDRINUSE when it pins pages and some area is not page aligned, EBUSY when there are too many
     */
    void addAccess(Access access) {
        lockAll();
        try {
            if (accesses.length >= MAX_ACCESSES) {
                throw new VfioException(Errno.EBUSY, "the IOAS has " + MAX_ACCESSES + " accesses already");
            }
            if (access.pinsPages()) {
                space.setAlignment(Math.max(space.alignment(), pageSize));
            }
            accesses = append(accesses, access);
        } finally {
            unlockAll();
        }
    }

    /** Takes an access out. Cannot fail. */
    void removeAccess(Access access) {
        lockAll();
        try {
            accesses = without(accesses, access);
            space.setAlignment(currentAlignment());
        } finally {
            unlockAll();
        }
    }

    /**
     * Keeps mappings out of a device's reserved regions, all of them or none.
     *
     * @throws VfioException EADDRINUSE, EINVAL for a device that reports contradictory interrupt windows
     */
    void reserveFor(BusDevice device, IommufdObject owner) {
        List<ReservedRegion> regions = device.reservedRegions();
        checkInterruptWindows(device, regions);
        iovaLock.writeLock().lock();
        try {
            for (ReservedRegion region : regions) {
                if (region.type() != ReservedRegion.Type.DIRECT_RELAXABLE) {
                    space.reserve(region.start(), region.last(), owner);
                }
            }
        } catch (RuntimeException refused) {
            space.unreserve(owner);
            throw refused;
        } finally {
            iovaLock.writeLock().unlock();
        }
    }

    /** Ends all reservations of an owner. */
    void unreserve(IommufdObject owner) {
        iovaLock.writeLock().lock();
        try {
            space.unreserve(owner);
        } finally {
            iovaLock.writeLock().unlock();
        }
    }

    /** ALLOW_IOVAS; see {@link IovaSpace#allow}. */
    void allow(List<DmaLimits.Range> entries) {
        iovaLock.writeLock().lock();
        try {
            space.allow(entries);
        } finally {
            iovaLock.writeLock().unlock();
        }
    }

    /** IOVA_RANGES: the usable ranges and the alignment, from one moment. */
    Usable usable() {
        iovaLock.readLock().lock();
        try {
            return new Usable(space.usableRanges(), space.alignment());
        } finally {
            iovaLock.readLock().unlock();
        }
    }

    /** Answer of {@link #usable}. */
    record Usable(List<DmaLimits.Range> ranges, long alignment) {}

    /** Page sizes every hardware page table supports; all ones without any. */
    long pageSizes() {
        long sizes = -1;
        for (HwPageTable table : tables) {
            sizes &= table.domain().pageSizes();
        }
        return sizes;
    }

    /**
     * OPTION HUGE_PAGES.
     *
     * @throws VfioException EINVAL, EADDRINUSE when they are switched off too late
     */
    void setLargePages(boolean enabled) {
        lockAll();
        try {
            if (enabled == largePages) {
                return;
            }
            if (!enabled && tables.length != 0 && !space.areas.isEmpty()) {
                throw new VfioException(
                        Errno.EINVAL, "large pages cannot be switched off while hardware holds mappings");
            }
            if (!enabled) {
                space.setAlignment(Math.max(space.alignment(), pageSize));
            }
            largePages = enabled;
            space.setAlignment(currentAlignment());
        } finally {
            unlockAll();
        }
    }

    private long currentAlignment() {
        long alignment = largePages ? 1 : pageSize;
        for (HwPageTable table : tables) {
            alignment = Math.max(alignment, Long.lowestOneBit(table.domain().pageSizes()));
        }
        for (Access access : accesses) {
            if (access.pinsPages()) {
                alignment = Math.max(alignment, pageSize);
            }
        }
        return alignment;
    }

    private void fillAll(HwPageTable table) {
        boolean alone = tables.length == 0;
        Area area = space.areas.first();
        try {
            for (; area != null; area = space.areas.next(area)) {
                if (area.state != Area.State.READY) {
                    continue;
                }
                AreaFiller.fillOne(table, area, alone, largePages, errors);
            }
        } catch (RuntimeException refused) {
            for (Area done = space.areas.first(); done != area && done != null; done = space.areas.next(done)) {
                if (done.state == Area.State.READY) {
                    AreaFiller.unmap(table, done, errors);
                    if (alone) {
                        AreaFiller.release(done);
                    }
                }
            }
            throw refused;
        }
    }

    private static void checkInterruptWindows(BusDevice device, List<ReservedRegion> regions) {
        long software = regions.stream()
                .filter(region -> region.type() == ReservedRegion.Type.SOFTWARE_MSI)
                .count();
        boolean hardware = regions.stream().anyMatch(region -> region.type() == ReservedRegion.Type.MSI);
        if (software > 1 || (software == 1 && hardware)) {
            throw new VfioException(
                    Errno.EINVAL, "device " + device.name() + " reports interrupt windows that exclude each other");
        }
    }

    private void lockAll() {
        domainsLock.writeLock().lock();
        iovaLock.writeLock().lock();
    }

    private void unlockAll() {
        iovaLock.writeLock().unlock();
        domainsLock.writeLock().unlock();
    }

    private static <T> T[] append(T[] array, T element) {
        T[] longer = Arrays.copyOf(array, array.length + 1);
        longer[array.length] = element;
        return longer;
    }

    private static <T> T[] without(T[] array, T element) {
        int at = Arrays.asList(array).indexOf(element);
        T[] shorter = Arrays.copyOf(array, array.length - 1);
        System.arraycopy(array, at + 1, shorter, at, shorter.length - at);
        return shorter;
    }
}
