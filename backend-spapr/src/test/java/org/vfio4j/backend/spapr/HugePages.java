// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import java.lang.foreign.MemorySegment;
import org.vfio4j.core.memory.JvmAddressSpace;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.testing.fixture.ForwardingSpace;

/** Memory of which a range says it consists of huge pages (kernel: hugetlbfs). */
final class HugePages extends ForwardingSpace {
    final JvmAddressSpace own;
    private final long pageSize;
    private volatile long start;
    private volatile long end;

    HugePages(PhysicalMemory physical, long pageSize) {
        this(new JvmAddressSpace(physical), pageSize);
    }

    private HugePages(JvmAddressSpace own, long pageSize) {
        super(own);
        this.own = own;
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
        return vaddr >= start && vaddr < end ? pageSize : super.backingPageSize(vaddr);
    }
}
