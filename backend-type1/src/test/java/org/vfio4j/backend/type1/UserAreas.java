// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.vfio4j.core.memory.PageCounter;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.Capability;
import org.vfio4j.spi.call.FdTable;
import org.vfio4j.spi.memory.AddressSpace;
import org.vfio4j.spi.memory.BackingMemory;
import org.vfio4j.spi.memory.LockedMemory;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.spi.memory.RunSink;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * A process whose memory map a test lays out: areas with any protection, PROT_NONE included, of RAM or of a device, at any
 * user address and with any physical alignment. Memory takes room only where it was written, so areas may be huge.
 */
final class UserAreas implements AddressSpace, Caller {
    private final PhysicalMemory physical;
    private final PageCounter locked = new PageCounter();
    /** Charges may fail, too. */
    private final LockedMemory charges = new LockedMemory() {
        @Override
        public boolean tryCharge(long more, long limitPages) {
            faults().step("charge");
            return locked.tryCharge(more, limitPages);
        }

        @Override
        public void uncharge(long fewer) {
            locked.uncharge(fewer);
        }

        @Override
        public long pages() {
            return locked.pages();
        }
    };

    private final List<Area> areas = new ArrayList<>();
    volatile long memlockLimit = Long.MAX_VALUE;
    private final Faults faults;

    UserAreas(PhysicalMemory physical) {
        this(physical, new Faults());
    }

    UserAreas(PhysicalMemory physical, Faults faults) {
        this.physical = physical;
        this.faults = faults;
    }

    private Faults faults() {
        return faults;
    }

    /** One mmap: its pages follow each other in physical memory too. */
    private record Area(long start, long size, int protection, long phys) {
        long end() {
            return start + size;
        }
    }

    /** Ordinary memory; a device that is mapped to it finds it with the alignment that its address has. */
    void ram(long vaddr, long size, int protection) {
        add(vaddr, size, protection, new SparseMemory(size, vaddr, false));
    }

    /** A device's registers or memory (a BAR). */
    void device(long vaddr, long size, int protection) {
        add(vaddr, size, protection, new SparseMemory(size, vaddr, true));
    }

    private void add(long vaddr, long size, int protection, SparseMemory memory) {
        areas.add(new Area(vaddr, size, protection, physical.insert(memory)));
    }

    /** Pages charged. */
    long charged() {
        return locked.pages();
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

    /** Where a byte is, 0 when nothing is there. */
    long phys(long vaddr) {
        Area area = at(vaddr);
        return area == null ? 0 : area.phys + (vaddr - area.start);
    }

    private @Nullable Area at(long vaddr) {
        for (Area area : areas) {
            if (area.start <= vaddr && vaddr < area.end()) {
                return area;
            }
        }
        return null;
    }

    @Override
    public boolean alive() {
        return true;
    }

    @Override
    public void pin(long vaddr, long length, boolean write, RunSink sink) {
        faults.step("pin");
        int wanted = write ? Protection.WRITE : Protection.READ;
        long end = vaddr + length;
        List<long[]> runs = new ArrayList<>();
        for (long at = vaddr; at != end; ) {
            Area area = at(at);
            if (area == null || (area.protection & wanted) == 0) {
                throw new VfioException(Errno.EFAULT, "no access at 0x" + Long.toHexString(at));
            }
            long stop = Math.min(area.end(), end);
            runs.add(new long[] {area.phys + (at - area.start), stop - at});
            at = stop;
        }
        for (long[] run : runs) {
            if (!physical.pin(run[0], run[1])) {
                throw new AssertionError("areas stay");
            }
        }
        runs.forEach(run -> sink.run(run[0], run[1]));
    }

    @Override
    public void read(long vaddr, MemorySegment target, long targetOffset, long length) {
        faults.step("copy in");
        move(vaddr, length, Protection.READ, (phys, done, n) -> physical.read(phys, target, targetOffset + done, n));
    }

    @Override
    public void write(long vaddr, MemorySegment source, long sourceOffset, long length) {
        faults.step("copy out");
        move(vaddr, length, Protection.WRITE, (phys, done, n) -> physical.write(phys, source, sourceOffset + done, n));
    }

    private interface Move {
        boolean piece(long phys, long done, long length);
    }

    private void move(long vaddr, long length, int access, Move move) {
        for (long done = 0; done < length; ) {
            Area area = at(vaddr + done);
            if (area == null || (area.protection & access) != access) {
                throw new VfioException(Errno.EFAULT, "no access at 0x" + Long.toHexString(vaddr + done));
            }
            long n = Math.min(area.end() - vaddr - done, length - done);
            if (!move.piece(area.phys + (vaddr + done - area.start), done, n)) {
                throw new AssertionError("areas stay");
            }
            done += n;
        }
    }

    @Override
    public boolean isUserRange(long vaddr, long length) {
        return vaddr >= 0 && length >= 0 && vaddr + length >= 0;
    }

    @Override
    public long backingPageSize(long vaddr) {
        return physical.pageSize();
    }

    @Override
    public LockedMemory lockedMemory() {
        return charges;
    }

    @Override
    public AddressSpace memory() {
        return this;
    }

    @Override
    public FdTable files() {
        throw new UnsupportedOperationException("type1 takes no descriptors");
    }

    @Override
    public boolean capable(Capability capability) {
        return false;
    }

    @Override
    public long memlockLimit() {
        return memlockLimit;
    }

    @Override
    public int uid() {
        return 1;
    }

    /** Bytes that exist from their first write on; zero before. */
    private record SparseMemory(long size, long alignmentAddress, boolean deviceMemory, Map<Long, Byte> bytes)
            implements BackingMemory {
        SparseMemory(long size, long alignmentAddress, boolean deviceMemory) {
            this(size, alignmentAddress, deviceMemory, new ConcurrentHashMap<>());
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
