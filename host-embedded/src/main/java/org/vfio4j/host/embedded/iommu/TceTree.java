// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Big-endian 64-bit values by entry number, in a tree of equal blocks of off-heap memory. The top block is made at once, a
 * lower one when something other than 0 is first stored below it. Reading and exchanging values takes no lock.
 */
final class TceTree implements AutoCloseable {
    private static final VarHandle VALUE =
            ValueLayout.JAVA_LONG.withOrder(ByteOrder.BIG_ENDIAN).varHandle();

    /** An inner value is a block's number in these bits, and allows everything below. */
    private static final int NUMBER_SHIFT = 12;

    private static final long ALL_ACCESS = 3;

    private final TceGeometry shape;
    private final long memoryLimit;
    private final Arena arena = Arena.ofShared();

    /** Guards the making of blocks. Innermost. */
    private final ReentrantLock growthLock = new ReentrantLock();

    /** By number; stored before a value that leads to a new block. */
    private MemorySegment[] blocks = new MemorySegment[1];

    private int blockCount;

    /**
     * A tree full of zeros.
     *
     * @param memoryLimit most bytes it may take
     * @throws VfioException ENOMEM
     */
    TceTree(TceGeometry shape, long memoryLimit) {
        this.shape = shape;
        this.memoryLimit = memoryLimit;
        try {
            addBlock();
        } catch (VfioException refused) {
            arena.close();
            throw refused;
        }
    }

    /** The value of an entry. */
    long get(long entry) {
        MemorySegment block = leaf(entry);
        return block == null ? 0 : (long) VALUE.getAcquire(block, offset(entry, 0));
    }

    /**
     * Stores a value in one step.
     *
     * @return the value before
     * @throws VfioException ENOMEM when a block is needed and there is no memory
     */
    long getAndSet(long entry, long value) {
        MemorySegment block = leaf(entry);
        if (block == null) {
            if (value == 0) {
                return 0;
            }
            block = makeLeaf(entry);
        }
        return (long) VALUE.getAndSet(block, offset(entry, 0), value);
    }

    /**
     * Makes the levels above an entry's value, so that storing one cannot fail.
     *
     * @throws VfioException ENOMEM
     */
    void prepare(long entry) {
        if (leaf(entry) == null) {
            makeLeaf(entry);
        }
    }

    /** The first entry from one on whose lowest block exists, or {@link TceGeometry#entries()}. */
    long nextAllocated(long from) {
        long entry = from;
        while (entry < shape.entries()) {
            int missing = missingLevel(entry);
            if (missing == 0) {
                return entry;
            }
            int shift = missing * shape.levelShift();
            entry = ((entry >>> shift) + 1) << shift;
        }
        return shape.entries();
    }

    /** Bytes taken at the moment. */
    long memory() {
        growthLock.lock();
        try {
            return blockCount * shape.blockSize();
        } finally {
            growthLock.unlock();
        }
    }

    @Override
    public void close() {
        arena.close();
    }

    private @Nullable MemorySegment leaf(long entry) {
        MemorySegment block = blocks[0];
        for (int level = shape.levels() - 1; level > 0; level--) {
            long inner = (long) VALUE.getAcquire(block, offset(entry, level));
            if (inner == 0) {
                return null;
            }
            block = blocks[(int) (inner >>> NUMBER_SHIFT)];
        }
        return block;
    }

    /** The level whose value leads nowhere; 0 when the lowest block exists. */
    private int missingLevel(long entry) {
        MemorySegment block = blocks[0];
        for (int level = shape.levels() - 1; level > 0; level--) {
            long inner = (long) VALUE.getAcquire(block, offset(entry, level));
            if (inner == 0) {
                return level;
            }
            block = blocks[(int) (inner >>> NUMBER_SHIFT)];
        }
        return 0;
    }

    private MemorySegment makeLeaf(long entry) {
        growthLock.lock();
        try {
            MemorySegment block = blocks[0];
            for (int level = shape.levels() - 1; level > 0; level--) {
                long inner = (long) VALUE.getAcquire(block, offset(entry, level));
                if (inner == 0) {
                    inner = ((long) addBlock() << NUMBER_SHIFT) | ALL_ACCESS;
                    VALUE.setRelease(block, offset(entry, level), inner);
                }
                block = blocks[(int) (inner >>> NUMBER_SHIFT)];
            }
            return block;
        } finally {
            growthLock.unlock();
        }
    }

    private int addBlock() {
        long size = shape.blockSize();
        if ((blockCount + 1) * size > memoryLimit) {
            throw new VfioException(
                    Errno.ENOMEM,
                    "a TCE table of " + blockCount * size + " bytes cannot grow by " + size + ": the limit is "
                            + memoryLimit);
        }
        try {
            MemorySegment block = arena.allocate(size, 1L << NUMBER_SHIFT);
            if (blockCount == blocks.length) {
                blocks = Arrays.copyOf(blocks, 2 * blockCount);
            }
            blocks[blockCount] = block;
        } catch (OutOfMemoryError exhausted) {
            throw new VfioException(Errno.ENOMEM, "no memory for " + size + " bytes of a TCE table", exhausted);
        }
        return blockCount++;
    }

    private long offset(long entry, int level) {
        int shift = level * shape.levelShift();
        return ((entry >>> shift) & ((1L << shape.levelShift()) - 1)) * Long.BYTES;
    }
}
