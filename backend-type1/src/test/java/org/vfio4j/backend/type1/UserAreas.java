// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.vfio4j.core.memory.PageCounter;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.memory.RunSink;
import org.vfio4j.testing.fixture.CopiedMemory;
import org.vfio4j.testing.fixture.ForwardingLocked;
import org.vfio4j.testing.fixture.SimulatedUser;

/**
 * A process with areas of RAM or of a device, with any physical alignment, whose steps may fail. Memory takes room only
 * where it was written, so areas may be huge.
 */
final class UserAreas extends SimulatedUser {
    private final PhysicalMemory physical;
    private final Faults faults;

    UserAreas(PhysicalMemory physical) {
        this(physical, new Faults());
    }

    UserAreas(PhysicalMemory physical, Faults faults) {
        super(physical, new FaultyCounter(faults));
        this.physical = physical;
        this.faults = faults;
    }

    /** Ordinary memory; a device that is mapped to it finds it with the alignment that its address has. */
    void ram(long vaddr, long size, int protection) {
        map(vaddr, protection, new SparseMemory(size, vaddr, false));
    }

    /** A device's registers or memory (a BAR). */
    void device(long vaddr, long size, int protection) {
        map(vaddr, protection, new SparseMemory(size, vaddr, true));
    }

    /** Writes what the process itself writes, which never fails. */
    void fill(long vaddr, byte[] bytes) {
        MemorySegment source = MemorySegment.ofArray(bytes);
        move(vaddr, bytes.length, 0, (phys, done, n) -> physical.write(phys, source, done, n));
    }

    /** Eight bytes as the process itself sees them. */
    long longAt(long vaddr) {
        MemorySegment target = MemorySegment.ofArray(new byte[8]);
        move(vaddr, 8, 0, (phys, done, n) -> physical.read(phys, target, done, n));
        return target.get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
    }

    @Override
    public void pin(long vaddr, long length, boolean write, RunSink sink) {
        faults.step("pin");
        super.pin(vaddr, length, write, sink);
    }

    @Override
    public void read(long vaddr, MemorySegment target, long targetOffset, long length) {
        faults.step("copy in");
        super.read(vaddr, target, targetOffset, length);
    }

    @Override
    public void write(long vaddr, MemorySegment source, long sourceOffset, long length) {
        faults.step("copy out");
        super.write(vaddr, source, sourceOffset, length);
    }

    /** Charges may fail, too. */
    private static final class FaultyCounter extends ForwardingLocked {
        private final Faults faults;

        FaultyCounter(Faults faults) {
            super(new PageCounter());
            this.faults = faults;
        }

        @Override
        public boolean tryCharge(long pages, long limitPages) {
            faults.step("charge");
            return super.tryCharge(pages, limitPages);
        }
    }

    /** Bytes that exist from their first write on; zero before. */
    private static final class SparseMemory extends CopiedMemory {
        private final boolean deviceMemory;
        private final Map<Long, Byte> bytes = new ConcurrentHashMap<>();

        SparseMemory(long size, long alignmentAddress, boolean deviceMemory) {
            super(size, alignmentAddress);
            this.deviceMemory = deviceMemory;
        }

        @Override
        public boolean deviceMemory() {
            return deviceMemory;
        }

        @Override
        public boolean read(long offset, MemorySegment target, long targetOffset, long length) {
            for (long i = 0; i < length; i++) {
                byte value = bytes.getOrDefault(offset + i, (byte) 0);
                target.set(ValueLayout.JAVA_BYTE, targetOffset + i, value);
            }
            return true;
        }

        @Override
        public boolean write(long offset, MemorySegment source, long sourceOffset, long length) {
            for (long i = 0; i < length; i++) {
                bytes.put(offset + i, source.get(ValueLayout.JAVA_BYTE, sourceOffset + i));
            }
            return true;
        }

        @Override
        public void release() {
            bytes.clear();
        }
    }
}
