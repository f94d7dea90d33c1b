// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import static org.vfio4j.backend.spapr.Refusal.hex;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.memory.AddressSpace;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Memory registered in one address space, shared by all its containers: disjoint regions, sorted (kernel: the functions
 * {@code mm_iommu_*}). Lookups take no lock and cost O(log regions). Thread-safe. Spec: spapr §8.
 */
final class RegionTable {
    private static final MemoryRegion[] NONE = {};

    private final AddressSpace memory;
    private final PhysicalMemory physical;
    private final Accounting accounting;

    /**
     * Guards changes of {@link #regions}, the regions' users and the containers' lists of what they hold. Held while pages
     * are pinned, so that two containers that register the same range at once share it. Taken inside a container's
     * configuration lock and its entry locks; only locks of the physical memory nest in it.
     */
    private final ReentrantLock regionsLock = new ReentrantLock();

    /** By address. Replaced as a whole. */
    private volatile MemoryRegion[] regions = NONE;

    RegionTable(AddressSpace memory, PhysicalMemory physical) {
        this.memory = memory;
        this.physical = physical;
        this.accounting = new Accounting(physical);
    }

    AddressSpace memory() {
        return memory;
    }

    /**
     * The region an address lies in, or null. It may be retired at any time unless the caller {@linkplain
     * MemoryRegion#acquire acquires} it.
     */
    @Nullable
    MemoryRegion find(long address) {
        MemoryRegion[] now = regions;
        int index = floor(now, address);
        return index >= 0 && address < now[index].end() ? now[index] : null;
    }

    /**
     * Registers a range for a container, or shares it when it is registered already.
     *
     * @param size bytes, whole pages; the range does not wrap
     * @param held regions of the container; gets this one
     * @throws VfioException EBUSY, ENOMEM, EFAULT, EINVAL; nothing has changed then
     */
    void register(Caller caller, long vaddr, long size, Collection<MemoryRegion> held) {
        regionsLock.lock();
        try {
            MemoryRegion exact = exact(vaddr, size);
            if (exact == null || !share(exact, held)) {
                held.add(insert(caller, vaddr, size));
            }
        } finally {
            regionsLock.unlock();
        }
    }

    /** @return false when the region is on its way out; it is out of the way then */
    private boolean share(MemoryRegion region, Collection<MemoryRegion> held) {
        if (held.contains(region)) {
            throw refuse(Errno.EBUSY, region + " is registered by this container already");
        }
        if (region.users == 0 && !region.acquire(1)) {
            retireLocked(region);
            return false;
        }
        region.users++;
        held.add(region);
        return true;
    }

    private MemoryRegion insert(Caller caller, long vaddr, long size) {
        if (size == 0) {
            throw refuse(Errno.ENOMEM, "no memory at " + hex(vaddr) + ": the size is 0");
        }
        Charge charge = accounting.charge("REGISTER_MEMORY", caller, size);
        PinnedRuns runs = null;
        boolean done = false;
        try {
            if (!memory.isUserRange(vaddr, size)) {
                throw refuse(Errno.EFAULT, "no user has " + hex(size) + " bytes at " + hex(vaddr));
            }
            runs = PinnedRuns.pin(memory, physical, vaddr, size);
            int baseShift = Integer.numberOfTrailingZeros(physical.pageSize());
            BackingPages pages = BackingPages.of(memory, vaddr, size, baseShift);
            var region = new MemoryRegion(vaddr, size, runs, pages, charge);
            place(region);
            done = true;
            return region;
        } finally {
            if (!done) {
                if (runs != null) {
                    runs.unpin(physical, false);
                }
                charge.giveBack();
            }
        }
    }

    private void place(MemoryRegion region) {
        MemoryRegion[] now = regions;
        int before = floor(now, region.vaddr());
        MemoryRegion left = before >= 0 ? now[before] : null;
        MemoryRegion right = before + 1 < now.length ? now[before + 1] : null;
        if (left != null && left.end() > region.vaddr()) {
            throw overlap(region, left);
        }
        if (right != null && right.vaddr() < region.end()) {
            throw overlap(region, right);
        }
        MemoryRegion[] next = Arrays.copyOf(now, now.length + 1);
        System.arraycopy(now, before + 1, next, before + 2, now.length - before - 1);
        next[before + 1] = region;
        regions = next;
    }

    private static VfioException overlap(MemoryRegion region, MemoryRegion other) {
        return refuse(Errno.EINVAL, region + " overlaps " + other + ", which is registered");
    }

    /**
     * A container no longer registers a range. What entries still point into stays pinned and charged until the last of
     * them is cleared.
     *
     * @throws VfioException ENOENT when the container does not hold exactly this range
     */
    void unregister(long vaddr, long size, Collection<MemoryRegion> held) {
        regionsLock.lock();
        try {
            MemoryRegion region = exact(vaddr, size);
            if (region == null || !held.remove(region)) {
                throw Refusal.of(
                        Errno.ENOENT,
                        "UNREGISTER_MEMORY",
                        "this container has not registered " + hex(size) + " bytes at " + hex(vaddr));
            }
            dropUser(region);
        } finally {
            regionsLock.unlock();
        }
    }

    /** A container is released: it holds nothing any more. */
    void unregisterAll(Collection<MemoryRegion> held) {
        regionsLock.lock();
        try {
            for (MemoryRegion region : new ArrayList<>(held)) {
                dropUser(region);
            }
            held.clear();
        } finally {
            regionsLock.unlock();
        }
    }

    private void dropUser(MemoryRegion region) {
        region.users--;
        if (region.users == 0 && region.release(1)) {
            retireLocked(region);
        }
    }

    /** Drops the references of entries that no device can use any more. */
    void release(MemoryRegion region, long entries) {
        if (region.release(entries)) {
            regionsLock.lock();
            try {
                retireLocked(region);
            } finally {
                regionsLock.unlock();
            }
        }
    }

    /** Whoever dropped the last reference comes here, unless somebody who wants the range was faster. */
    private void retireLocked(MemoryRegion region) {
        if (region.retired) {
            return;
        }
        region.retired = true;
        MemoryRegion[] now = regions;
        int index = floor(now, region.vaddr());
        MemoryRegion[] next = new MemoryRegion[now.length - 1];
        System.arraycopy(now, 0, next, 0, index);
        System.arraycopy(now, index + 1, next, index, next.length - index);
        regions = next;
        region.free(physical);
    }

    /** Regions at this moment. */
    int count() {
        return regions.length;
    }

    private @Nullable MemoryRegion exact(long vaddr, long size) {
        MemoryRegion region = find(vaddr);
        return region != null && region.vaddr() == vaddr && region.size() == size ? region : null;
    }

    /** Index of the last region that starts at or before an address, -1 when none does. Registered memory is never negative. */
    private static int floor(MemoryRegion[] sorted, long address) {
        int low = 0;
        int high = sorted.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            if (sorted[middle].vaddr() <= address) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return high;
    }

    private static VfioException refuse(Errno errno, String reason) {
        return Refusal.of(errno, "REGISTER_MEMORY", reason);
    }
}
