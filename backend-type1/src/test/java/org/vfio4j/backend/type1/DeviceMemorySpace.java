// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.vfio4j.core.memory.PageCounter;
import org.vfio4j.core.memory.SegmentMemory;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.Capability;
import org.vfio4j.spi.call.FdTable;
import org.vfio4j.spi.memory.AddressSpace;
import org.vfio4j.spi.memory.BackingMemory;
import org.vfio4j.spi.memory.LockedMemory;
import org.vfio4j.spi.memory.RunSink;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** A process that has mapped one page of a device (a BAR) and nothing else. */
final class DeviceMemorySpace implements AddressSpace {
    private static final long ADDRESS = 0x7000_0000L;

    private final Rig rig;
    private final long phys;
    private final PageCounter locked = new PageCounter();

    DeviceMemorySpace(Rig rig) {
        this.rig = rig;
        this.phys = rig.physical.insert(new Bar(Arena.ofAuto().allocate(Rig.PAGE, Rig.PAGE)));
    }

    long address() {
        return ADDRESS;
    }

    long charged() {
        return locked.pages();
    }

    Caller caller() {
        return new Caller() {
            @Override
            public AddressSpace memory() {
                return DeviceMemorySpace.this;
            }

            @Override
            public FdTable files() {
                throw new UnsupportedOperationException("no descriptors");
            }

            @Override
            public boolean capable(Capability capability) {
                return false;
            }

            @Override
            public long memlockLimit() {
                return 0;
            }

            @Override
            public int uid() {
                return 1;
            }
        };
    }

    @Override
    public boolean alive() {
        return true;
    }

    @Override
    public void pin(long vaddr, long length, boolean write, RunSink sink) {
        if (vaddr != ADDRESS || length != Rig.PAGE || !rig.physical.pin(phys, length)) {
            throw new VfioException(Errno.EFAULT, "only one page is there");
        }
        sink.run(phys, length);
    }

    @Override
    public void read(long vaddr, MemorySegment target, long targetOffset, long length) {
        throw new VfioException(Errno.EFAULT, "not readable");
    }

    @Override
    public void write(long vaddr, MemorySegment source, long sourceOffset, long length) {
        throw new VfioException(Errno.EFAULT, "not writable");
    }

    @Override
    public boolean isUserRange(long vaddr, long length) {
        return true;
    }

    @Override
    public long backingPageSize(long vaddr) {
        return Rig.PAGE;
    }

    @Override
    public LockedMemory lockedMemory() {
        return locked;
    }

    /** Device memory over ordinary bytes. */
    private static final class Bar implements BackingMemory {
        private final SegmentMemory bytes;

        Bar(MemorySegment segment) {
            this.bytes = new SegmentMemory(segment);
        }

        @Override
        public boolean deviceMemory() {
            return true;
        }

        @Override
        public long size() {
            return bytes.size();
        }

        @Override
        public long alignmentAddress() {
            return bytes.alignmentAddress();
        }

        @Override
        public boolean writable() {
            return true;
        }

        @Override
        public @Nullable MemorySegment segment() {
            return bytes.segment();
        }

        @Override
        public boolean read(long offset, MemorySegment target, long targetOffset, long length) {
            return bytes.read(offset, target, targetOffset, length);
        }

        @Override
        public boolean write(long offset, MemorySegment source, long sourceOffset, long length) {
            return bytes.write(offset, source, sourceOffset, length);
        }

        @Override
        public void release() {
            bytes.release();
        }
    }
}
