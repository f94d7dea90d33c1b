// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.benchmarks;

import java.lang.foreign.MemorySegment;
import org.vfio4j.core.memory.PageCounter;
import org.vfio4j.spi.call.Capability;
import org.vfio4j.spi.memory.AddressSpace;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.spi.memory.RunSink;
import org.vfio4j.testing.fixture.CopiedMemory;
import org.vfio4j.testing.fixture.SimulatedUser;

/**
 * A user with far more memory than the machine has: one contiguous run whose bytes nobody looks at. Pinning it costs one
 * count, so what is left of a map is the backend's and the page table's work. Arguments of calls are real memory.
 */
final class VastUser extends SimulatedUser {
    /** Where the simulated memory starts; a multiple of 1 GiB. */
    static final long MEMORY = 1L << 42;

    private final PhysicalMemory physical;
    private final AddressSpace real;

    /**
     * Makes the memory known.
     *
     * @param real where everything else is
     * @param size bytes of simulated memory
     */
    VastUser(PhysicalMemory physical, AddressSpace real, long size) {
        super(physical, new PageCounter());
        this.physical = physical;
        this.real = real;
        map(MEMORY, Protection.READ | Protection.WRITE, new Nothing(size));
    }

    private boolean simulated(long vaddr) {
        return phys(vaddr) != 0;
    }

    /** In one step, so that nothing is allocated for it. */
    @Override
    public void pin(long vaddr, long length, boolean write, RunSink sink) {
        long phys = phys(vaddr);
        if (phys == 0) {
            real.pin(vaddr, length, write, sink);
        } else if (physical.pin(phys, length)) {
            sink.run(phys, length);
        }
    }

    @Override
    public void read(long vaddr, MemorySegment target, long targetOffset, long length) {
        if (!simulated(vaddr)) {
            real.read(vaddr, target, targetOffset, length);
        }
    }

    @Override
    public void write(long vaddr, MemorySegment source, long sourceOffset, long length) {
        if (!simulated(vaddr)) {
            real.write(vaddr, source, sourceOffset, length);
        }
    }

    @Override
    public boolean isUserRange(long vaddr, long length) {
        return simulated(vaddr) || real.isUserRange(vaddr, length);
    }

    @Override
    public boolean capable(Capability capability) {
        return true;
    }

    /** Memory without bytes, aligned to 1 GiB. */
    private static final class Nothing extends CopiedMemory {
        Nothing(long size) {
            super(size, MEMORY);
        }

        @Override
        public boolean read(long offset, MemorySegment target, long targetOffset, long length) {
            return true;
        }

        @Override
        public boolean write(long offset, MemorySegment source, long sourceOffset, long length) {
            return true;
        }
    }
}
