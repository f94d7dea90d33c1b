// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.vfio4j.spi.memory.PhysicalMemory;

/**
 * A range of an address space that is pinned and charged as a whole, so that map calls need only look it up (kernel:
 * {@code struct mm_iommu_table_group_mem_t}).
 *
 * <p>Two counts keep it alive. {@link #users}, guarded by the table's lock, is the number of containers that registered it;
 * as long as there are any they hold one of the references. Each entry that points into it holds one more. Who drops the
 * last reference {@linkplain RegionTable retires} the region. Spec: spapr §8.
 */
final class MemoryRegion {
    private static final VarHandle REFERENCES;

    static {
        try {
            REFERENCES = MethodHandles.lookup().findVarHandle(MemoryRegion.class, "references", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final long vaddr;
    private final long size;
    private final PinnedRuns runs;
    private final BackingPages pages;
    private final Charge charge;

    /** Containers that hold it. Guarded by the table's lock. */
    int users = 1;

    /** Out of the table, unpinned and uncharged. Guarded by the table's lock. */
    boolean retired;

    @SuppressWarnings("unused") // REFERENCES
    private volatile long references = 1;

    private volatile boolean dirty;

    MemoryRegion(long vaddr, long size, PinnedRuns runs, BackingPages pages, Charge charge) {
        this.vaddr = vaddr;
        this.size = size;
        this.runs = runs;
        this.pages = pages;
        this.charge = charge;
    }

    long vaddr() {
        return vaddr;
    }

    long size() {
        return size;
    }

    /** First address behind it. */
    long end() {
        return vaddr + size;
    }

    /** The largest IOMMU page, as a power of two, that may be mapped into it. */
    int pageShift() {
        return pages.regionShift();
    }

    /**
     * Physical address of a page.
     *
     * @param address inside the region
     * @param shift size of the page
     * @return -1 when the page is not one aligned piece of memory with pages at least that large
     */
    long physical(long address, int shift) {
        long offset = address - vaddr;
        return pages.hold(offset, shift) ? runs.physical(offset, shift) : -1;
    }

    /** References at this moment: 1 while containers hold it, plus one per entry that points into it. */
    long references() {
        return references;
    }

    /**
     * Takes references for entries.
     *
     * @return false when the region is being retired
     */
    boolean acquire(long count) {
        while (true) {
            long now = references;
            if (now == 0) {
                return false;
            }
            if (REFERENCES.compareAndSet(this, now, now + count)) {
                return true;
            }
        }
    }

    /**
     * Drops references.
     *
     * @return whether they were the last: the caller retires the region then
     */
    boolean release(long count) {
        return (long) REFERENCES.getAndAdd(this, -count) == count;
    }

    /** A device may have written into it. */
    void markDirty() {
        if (!dirty) {
            dirty = true;
        }
    }

    /** Gives pins and charge back. Nothing translates into the region any more. */
    void free(PhysicalMemory physical) {
        runs.unpin(physical, dirty);
        charge.giveBack();
    }

    @Override
    public String toString() {
        return "[" + Refusal.hex(vaddr) + ", " + Refusal.hex(end() - 1) + "]";
    }
}
