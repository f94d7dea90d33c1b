// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.memory;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.BitSet;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.memory.BackingMemory;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * All memory devices can be made to reach, by physical address (kernel: the page frame array and page reference counts).
 *
 * <p>An address is {@code number << 40 | place}. Number 0 is never used, so no address is 0. The place of byte 0 is the
 * alignment address modulo 1 GiB; every place up to 2^39 bytes further still fits below bit 40.
 *
 * <p>A number is used again only after its memory was released, which the last pin holds off. An address somebody has
 * pinned therefore never comes to mean other memory. Addresses that are not pinned carry no such promise.
 *
 * <p>{@link #backing}, {@link #offset}, {@link #pin}, {@link #read} and {@link #write} take no lock and do not allocate;
 * {@link #unpin} neither, unless it releases memory. Nothing is written that two backing objects share.
 * Spec: type1 §9, §16.11.
 */
public final class FrameTable implements PhysicalMemory {
    private static final VarHandle FRAMES = MethodHandles.arrayElementVarHandle(Frame[].class);
    private static final long PLACE_MASK = (1L << BACKING_SHIFT) - 1;
    private static final long ALIGNMENT_MASK = (1L << 30) - 1;
    private static final int MAX_NUMBER = (1 << (Long.SIZE - BACKING_SHIFT)) - 1;
    private static final int INITIAL_CAPACITY = 64;

    private final int pageSize;
    private final int maxNumber;

    /** Guards who has which number: {@link #usedNumbers} and all stores to {@link #frames}. Innermost, held briefly. */
    private final ReentrantLock numbersLock = new ReentrantLock();

    private final BitSet usedNumbers = new BitSet(INITIAL_CAPACITY);

    /**
     * Frames by number. Grown by copying under the lock; a reader with the old array sees everything that was there when
     * it started, and an address it was handed later came with the new array.
     */
    private volatile @Nullable Frame[] frames = new Frame[INITIAL_CAPACITY];

    /** A table with pages of 4096 bytes. */
    public FrameTable() {
        this(4096);
    }

    /**
     * A table with another page size.
     *
     * @param pageSize bytes, a power of two
     */
    public FrameTable(int pageSize) {
        this(pageSize, MAX_NUMBER);
    }

    /** For tests of exhaustion. */
    FrameTable(int pageSize, int maxNumber) {
        if (Integer.bitCount(pageSize) != 1 || pageSize <= 0) {
            throw new IllegalArgumentException("page size " + pageSize + " is not a power of two");
        }
        this.pageSize = pageSize;
        this.maxNumber = maxNumber;
        usedNumbers.set(0);
    }

    @Override
    public int pageSize() {
        return pageSize;
    }

    @Override
    public long insert(BackingMemory backing) {
        long size = backing.size();
        if (size <= 0 || size > SegmentMemory.MAX_SIZE) {
            throw new VfioException(Errno.EINVAL, "backing memory of " + size + " bytes is not 1 to 2^39 bytes");
        }
        var frame = new Frame(backing, backing.alignmentAddress() & ALIGNMENT_MASK, size);
        numbersLock.lock();
        try {
            int number = usedNumbers.nextClearBit(1);
            if (number > maxNumber) {
                throw new VfioException(
                        Errno.ENOMEM, "all " + maxNumber + " numbers for memory that devices can reach are in use");
            }
            if (number >= frames.length) {
                frames = Arrays.copyOf(frames, frames.length * 2);
            }
            usedNumbers.set(number);
            FRAMES.setRelease(frames, number, frame);
            return ((long) number << BACKING_SHIFT) | frame.base;
        } finally {
            numbersLock.unlock();
        }
    }

    @Override
    public void remove(long phys) {
        Frame frame = frame(phys);
        if (frame != null && frame.remove()) {
            release(number(phys), frame);
        }
    }

    /** Only now may the number mean something else: unreachable first, then freed, then free for others. */
    private void release(int number, Frame frame) {
        numbersLock.lock();
        try {
            FRAMES.setRelease(frames, number, (Frame) null);
        } finally {
            numbersLock.unlock();
        }
        try {
            frame.backing.release();
        } finally {
            numbersLock.lock();
            try {
                usedNumbers.clear(number);
            } finally {
                numbersLock.unlock();
            }
        }
    }

    @Override
    public @Nullable BackingMemory backing(long phys) {
        Frame frame = frame(phys);
        return frame != null && frame.holds(phys & PLACE_MASK, 1) ? frame.backing : null;
    }

    @Override
    public long offset(long phys) {
        Frame frame = frame(phys);
        return frame == null ? -1 : (phys & PLACE_MASK) - frame.base;
    }

    @Override
    public boolean pin(long phys, long length) {
        Frame frame = frame(phys);
        return frame != null && frame.holds(phys & PLACE_MASK, length) && frame.pin(pages(phys, length));
    }

    /**
     * {@inheritDoc} Memory of a JVM has no page that could lose a write for not being marked, so {@code dirty} changes
     * nothing here.
     *
     * @throws IllegalStateException when more is unpinned than is pinned
     */
    @Override
    public void unpin(long phys, long length, boolean dirty) {
        Frame frame = frame(phys);
        if (frame == null) {
            throw new IllegalStateException("unpin of 0x" + Long.toHexString(phys) + ", where there is no memory");
        }
        long left = frame.unpin(pages(phys, length));
        if (left == Frame.REMOVED) {
            release(number(phys), frame);
        } else if (left == 0) {
            frame.backing.unpinned();
        }
    }

    @Override
    public long pinnedPages() {
        // Summed on demand, so that pinning writes no counter all devices share.
        @Nullable Frame[] now = frames;
        long sum = 0;
        for (int number = 1; number < now.length; number++) {
            Frame frame = (Frame) FRAMES.getAcquire(now, number);
            if (frame != null) {
                sum += frame.pins();
            }
        }
        return sum;
    }

    @Override
    public boolean read(long phys, MemorySegment target, long targetOffset, long length) {
        Frame frame = frame(phys);
        if (frame == null || !frame.holds(phys & PLACE_MASK, length)) {
            return false;
        }
        long offset = (phys & PLACE_MASK) - frame.base;
        MemorySegment direct = frame.backing.segment();
        return direct == null
                ? frame.backing.read(offset, target, targetOffset, length)
                : GuardedCopy.copy(direct, offset, target, targetOffset, length);
    }

    @Override
    public boolean write(long phys, MemorySegment source, long sourceOffset, long length) {
        Frame frame = frame(phys);
        if (frame == null || !frame.holds(phys & PLACE_MASK, length) || !frame.backing.writable()) {
            return false;
        }
        long offset = (phys & PLACE_MASK) - frame.base;
        MemorySegment direct = frame.backing.segment();
        return direct == null
                ? frame.backing.write(offset, source, sourceOffset, length)
                : GuardedCopy.copy(source, sourceOffset, direct, offset, length);
    }

    /** Pages touched by a range. The low bits of a physical address are the user's, so both count the same pages. */
    private long pages(long phys, long length) {
        if (length < 0) {
            throw new IllegalArgumentException("negative length " + length);
        }
        long inPage = phys & (pageSize - 1);
        return (inPage + length + pageSize - 1) / pageSize;
    }

    private @Nullable Frame frame(long phys) {
        @Nullable Frame[] now = frames;
        int number = number(phys);
        return number < now.length ? (Frame) FRAMES.getAcquire(now, number) : null;
    }

    private static int number(long phys) {
        return (int) (phys >>> BACKING_SHIFT);
    }
}
