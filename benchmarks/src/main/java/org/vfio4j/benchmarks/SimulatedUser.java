// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.benchmarks;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.vfio4j.core.memory.PageCounter;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.Capability;
import org.vfio4j.spi.call.FdTable;
import org.vfio4j.spi.memory.AddressSpace;
import org.vfio4j.spi.memory.BackingMemory;
import org.vfio4j.spi.memory.LockedMemory;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.memory.RunSink;

/**
 * A user with far more memory than the machine has: one contiguous run whose bytes nobody looks at. Pinning it costs one
 * count, so what is left of a map is the backend's and the page table's work. Arguments of calls are real memory.
 */
final class SimulatedUser implements AddressSpace, Caller {
    /** Where the simulated memory starts; a multiple of 1 GiB. */
    static final long MEMORY = 1L << 42;

    private final PhysicalMemory physical;
    private final AddressSpace real;
    private final long size;
    private final long phys;
    private final PageCounter locked = new PageCounter();

    /**
     * Makes the memory known.
     *
     * @param real where everything else is
     * @param size bytes of simulated memory
     */
    SimulatedUser(PhysicalMemory physical, AddressSpace real, long size) {
        this.physical = physical;
        this.real = real;
        this.size = size;
        this.phys = physical.insert(new Nothing(size));
    }

    private boolean simulated(long vaddr) {
        return vaddr >= MEMORY && vaddr < MEMORY + size;
    }

    @Override
    public boolean alive() {
        return true;
    }

    @Override
    public void pin(long vaddr, long length, boolean write, RunSink sink) {
        if (!simulated(vaddr)) {
            real.pin(vaddr, length, write, sink);
        } else if (physical.pin(phys + (vaddr - MEMORY), length)) {
            sink.run(phys + (vaddr - MEMORY), length);
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
    public long backingPageSize(long vaddr) {
        return physical.pageSize();
    }

    @Override
    public LockedMemory lockedMemory() {
        return locked;
    }

    @Override
    public AddressSpace memory() {
        return this;
    }

    @Override
    public FdTable files() {
        throw new UnsupportedOperationException("has no files");
    }

    @Override
    public boolean capable(Capability capability) {
        return true;
    }

    @Override
    public long memlockLimit() {
        return Long.MAX_VALUE;
    }

    @Override
    public int uid() {
        return 0;
    }

    /** Memory without bytes, aligned to 1 GiB. */
    private record Nothing(long size) implements BackingMemory {
        @Override
        public long alignmentAddress() {
            return MEMORY;
        }

        @Override
        public boolean writable() {
            return true;
        }

        @Override
        public @Nullable MemorySegment segment() {
            return null;
        }

        @Override
        public boolean read(long offset, MemorySegment target, long targetOffset, long length) {
            return true;
        }

        @Override
        public boolean write(long offset, MemorySegment source, long sourceOffset, long length) {
            return true;
        }

        @Override
        public void release() {}
    }
}
