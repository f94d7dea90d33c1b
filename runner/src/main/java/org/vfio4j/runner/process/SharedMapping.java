// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.vfio4j.ffm.LinuxMemory;
import org.vfio4j.spi.memory.BackingMemory;
import org.vfio4j.spi.memory.PhysicalMemory;

/**
 * A file that programs share with devices, or a part of a very large one, mapped here as long as pages of it are pinned. It stays
 * what it is whatever the program does to its own mapping. When the file is cut short, accesses beyond its end become DMA faults.
 */
final class SharedMapping implements BackingMemory {
    private final SharedFiles owner;
    private final SharedFiles.Part part;
    private final PhysicalMemory physical;
    private final Arena arena;
    private final MemorySegment bytes;
    private final long alignmentAddress;

    /** Physical address of byte 0. */
    final long phys;

    /** A mapping, in the table of physical memory from now on; the arena is closed with it. */
    SharedMapping(
            SharedFiles owner,
            SharedFiles.Part part,
            PhysicalMemory physical,
            Arena arena,
            MemorySegment bytes,
            long alignmentAddress) {
        this.owner = owner;
        this.part = part;
        this.physical = physical;
        this.arena = arena;
        this.bytes = bytes;
        this.alignmentAddress = alignmentAddress;
        this.phys = insertInto(physical);
    }

    private long insertInto(PhysicalMemory memory) {
        return memory.insert(this);
    }

    SharedFiles.Part part() {
        return part;
    }

    /** Makes pages of a range there; 0 or a negated errno: EFAULT beyond the end of the file, ENOMEM, EINVAL before Linux 5.14. */
    int populate(long offset, long length, boolean write) {
        long start = offset & -(long) physical.pageSize();
        return LinuxMemory.advise(
                bytes.asSlice(start, offset + length - start),
                write ? LinuxMemory.ADVICE_POPULATE_WRITE : LinuxMemory.ADVICE_POPULATE_READ);
    }

    /** Nobody new may pin it; it goes with its last pin. */
    void retire() {
        physical.remove(phys);
    }

    @Override
    public long size() {
        return bytes.byteSize();
    }

    @Override
    public long alignmentAddress() {
        return alignmentAddress;
    }

    @Override
    public boolean writable() {
        return !bytes.isReadOnly();
    }

    @Override
    public MemorySegment segment() {
        return bytes;
    }

    @Override
    public boolean read(long offset, MemorySegment target, long targetOffset, long length) {
        return physical.read(phys + offset, target, targetOffset, length);
    }

    @Override
    public boolean write(long offset, MemorySegment source, long sourceOffset, long length) {
        return physical.write(phys + offset, source, sourceOffset, length);
    }

    @Override
    public void unpinned() {
        owner.unpinned(this);
    }

    @Override
    public void release() {
        arena.close();
    }
}
