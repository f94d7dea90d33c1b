// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.memory.BackingMemory;

/**
 * A part of a program's address space, {@value #SIZE} bytes aligned to their size, as memory devices can be given. Which of it is
 * there, the program decides at any time; a device that reaches for what is gone gets a DMA fault.
 */
final class ProcessWindow implements BackingMemory {
    /** Binary logarithm of the size. */
    static final int SHIFT = 39;

    private static final long SIZE = 1L << SHIFT;
    private final MemoryFile memory;
    private final long start;
    private final boolean device;

    /** A window; it keeps the memory's descriptors open until it is released. */
    ProcessWindow(MemoryFile memory, int number, boolean device) {
        memory.acquire();
        this.memory = memory;
        this.start = (long) number << SHIFT;
        this.device = device;
    }

    @Override
    public long size() {
        return SIZE;
    }

    @Override
    public long alignmentAddress() {
        return start;
    }

    @Override
    public boolean writable() {
        return true;
    }

    @Override
    public boolean deviceMemory() {
        return device;
    }

    @Override
    public @Nullable MemorySegment segment() {
        return null;
    }

    @Override
    public boolean read(long offset, MemorySegment target, long targetOffset, long length) {
        return HeapBounce.read(memory::read, start + offset, target.asSlice(targetOffset, length));
    }

    @Override
    public boolean write(long offset, MemorySegment source, long sourceOffset, long length) {
        return HeapBounce.write(memory::write, start + offset, source.asSlice(sourceOffset, length));
    }

    @Override
    public void release() {
        memory.release();
    }
}
