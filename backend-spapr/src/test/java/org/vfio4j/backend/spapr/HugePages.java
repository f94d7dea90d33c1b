// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import java.lang.foreign.MemorySegment;
import org.vfio4j.core.memory.JvmAddressSpace;
import org.vfio4j.spi.memory.AddressSpace;
import org.vfio4j.spi.memory.LockedMemory;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.memory.RunSink;

/** Memory of which a range says it consists of huge pages (kernel: hugetlbfs). */
final class HugePages implements AddressSpace {
    final JvmAddressSpace own;
    private final long pageSize;
    private volatile long start;
    private volatile long end;

    HugePages(PhysicalMemory physical, long pageSize) {
        this.own = new JvmAddressSpace(physical);
        this.pageSize = pageSize;
    }

    /** Memory aligned to the huge page size that is on base pages. */
    MemorySegment allocate(int pages) {
        MemorySegment whole = own.allocate((pages + 1) * pageSize);
        return whole.asSlice(-whole.address() & (pageSize - 1), pages * pageSize);
    }

    /** This range is on huge pages from now on. */
    void makeHuge(MemorySegment range) {
        start = range.address();
        end = start + range.byteSize();
    }

    @Override
    public long backingPageSize(long vaddr) {
        return vaddr >= start && vaddr < end ? pageSize : own.backingPageSize(vaddr);
    }

    @Override
    public boolean alive() {
        return own.alive();
    }

    @Override
    public void pin(long vaddr, long length, boolean write, RunSink sink) {
        own.pin(vaddr, length, write, sink);
    }

    @Override
    public void read(long vaddr, MemorySegment target, long targetOffset, long length) {
        own.read(vaddr, target, targetOffset, length);
    }

    @Override
    public void write(long vaddr, MemorySegment source, long sourceOffset, long length) {
        own.write(vaddr, source, sourceOffset, length);
    }

    @Override
    public boolean isUserRange(long vaddr, long length) {
        return own.isUserRange(vaddr, length);
    }

    @Override
    public LockedMemory lockedMemory() {
        return own.lockedMemory();
    }
}
