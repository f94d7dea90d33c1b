// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.memory.BackingMemory;

/**
 * A part of a program's address space, {@value #SIZE} bytes aligned to their size, as memory devices can be given. Its pages cannot be
 * held: which of them are there, the program decides at any time, and a device that reaches for what is gone gets a DMA fault.
 *
 * <p>So that a device does not reach what the program maps in place of memory it unmapped, plain memory is looked at before each
 * access: a page that is found not to be there, or to be a file's, is lost until it is pinned anew. Not noticed is memory of the same
 * kind that took the place, and was touched by the program, since the last access.
 */
final class ProcessWindow implements BackingMemory {
    /** What lies in the address range that this is used for. */
    enum Kind {
        /** Plain private memory: its pages do not go away by themselves. */
        PLAIN,
        /** Pages of a file, private ones or ones that cannot be mapped here: they come and go. */
        FILE,
        /** A device's. */
        DEVICE
    }

    /** Binary logarithm of the size. */
    static final int SHIFT = 39;

    private static final long SIZE = 1L << SHIFT;
    private final MemoryFile memory;
    private final long start;
    private final Kind kind;
    private final LostPages lost = new LostPages();

    /** A window of memory that is there; it keeps the memory's descriptors open until it is released. */
    ProcessWindow(MemoryFile memory, int number, Kind kind) {
        if (!memory.acquire()) {
            throw new IllegalStateException("the program's memory has ended");
        }
        this.memory = memory;
        this.start = (long) number << SHIFT;
        this.kind = kind;
    }

    /** What is at a range now is what devices shall have. */
    void renew(long from, long end) {
        lost.remove(from, end);
    }

    /** Whether a range is still what was pinned, as far as can be told. */
    private boolean isHeld(long from, long end) {
        if (kind != Kind.PLAIN) {
            return true;
        }
        if (lost.contains(from, end)) {
            return false;
        }
        long gone = memory.presence().firstGone(from, end);
        if (gone >= end) {
            return true;
        }
        lost.add(memory.presence().startOfGone(gone, start), memory.presence().endOfGone(gone, start + SIZE));
        return false;
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
        return kind == Kind.DEVICE;
    }

    @Override
    public @Nullable MemorySegment segment() {
        return null;
    }

    @Override
    public boolean read(long offset, MemorySegment target, long targetOffset, long length) {
        return isHeld(start + offset, start + offset + length)
                && HeapBounce.read(memory::read, start + offset, target.asSlice(targetOffset, length));
    }

    @Override
    public boolean write(long offset, MemorySegment source, long sourceOffset, long length) {
        return isHeld(start + offset, start + offset + length)
                && HeapBounce.write(memory::write, start + offset, source.asSlice(sourceOffset, length));
    }

    @Override
    public void release() {
        memory.release();
    }
}
