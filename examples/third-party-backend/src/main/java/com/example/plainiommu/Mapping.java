// SPDX-License-Identifier: Apache-2.0
package com.example.plainiommu;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import org.vfio4j.spi.host.IommuDomain;
import org.vfio4j.spi.memory.AddressSpace;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.memory.Protection;

/** One MAP_DMA: a range of I/O addresses and the user's pages behind it. Guarded by the container's lock. */
final class Mapping {
    final long iova;
    final long size;
    final int protection;

    /** An unmap has begun: devices do not see the mapping any more. */
    boolean closing;

    private final AddressSpace memory;
    private final long vaddr;
    private final UserPages pages;

    /** Pages that devices without DMA of their own hold, by I/O address, with how often they are held. */
    private final Map<Long, Integer> held = new HashMap<>();

    Mapping(long iova, long size, int protection, AddressSpace memory, long vaddr, UserPages pages) {
        this.iova = iova;
        this.size = size;
        this.protection = protection;
        this.memory = memory;
        this.vaddr = vaddr;
        this.pages = pages;
    }

    long last() {
        return iova + (size - 1);
    }

    /** Enters the pages into page tables: all or none. */
    void enter(IommuDomain domain) {
        var done = 0L;
        try {
            for (var run = 0; run < pages.runCount(); run++) {
                domain.map(iova + done, pages.phys(run), pages.length(run), protection);
                done += pages.length(run);
            }
        } catch (RuntimeException e) {
            remove(domain, done);
            throw e;
        }
    }

    /** Takes the pages out of page tables: afterwards no device reaches them. */
    void remove(IommuDomain domain) {
        remove(domain, size);
    }

    private void remove(IommuDomain domain, long length) {
        for (var done = 0L; done < length; ) {
            var removed = domain.unmap(iova + done, length - done);
            if (removed == 0) {
                return;
            }
            done += removed;
        }
    }

    /** Copies between a buffer and the user's memory. */
    void copy(long at, MemorySegment buffer, long offset, long length, boolean write) {
        if (write) {
            memory.write(vaddr + (at - iova), buffer, offset, length);
        } else {
            memory.read(vaddr + (at - iova), buffer, offset, length);
        }
    }

    /** Pins a page once more, for a device; false when its memory is gone. */
    boolean hold(long page, PhysicalMemory physical) {
        var gained = physical.pin(pages.physAt(page - iova), physical.pageSize());
        if (gained) {
            held.merge(page, 1, Integer::sum);
        }
        return gained;
    }

    /** The physical address of a page. */
    long physOf(long page) {
        return pages.physAt(page - iova);
    }

    /** Takes one pin of a page back; no effect when there is none. */
    void letGo(long page, PhysicalMemory physical) {
        var count = held.get(page);
        if (count == null) {
            return;
        }
        unpin(page, physical);
        if (count == 1) {
            held.remove(page);
        } else {
            held.put(page, count - 1);
        }
    }

    /** Gives everything back, what devices still hold included. */
    void release(PhysicalMemory physical) {
        held.forEach((page, count) -> {
            for (var i = 0; i < count; i++) {
                unpin(page, physical);
            }
        });
        held.clear();
        pages.release();
    }

    private void unpin(long page, PhysicalMemory physical) {
        physical.unpin(pages.physAt(page - iova), physical.pageSize(), (protection & Protection.WRITE) != 0);
    }
}
