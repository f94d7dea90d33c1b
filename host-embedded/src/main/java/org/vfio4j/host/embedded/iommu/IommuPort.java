// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.host.DmaFault;
import org.vfio4j.spi.memory.BackingMemory;
import org.vfio4j.spi.model.DmaPort;

/**
 * A device's way to memory. An access runs in steps of at most one page and {@value #MAX_STEP} bytes; each step is
 * bracketed by two stores to the port's own counter, which is odd in between. {@link #awaitAccessEnd} is the other side.
 */
final class IommuPort implements DmaPort {
    /** Longest copy in one step, in bytes: what an unmap may have to wait for. */
    static final int MAX_STEP = 64 * 1024;

    private static final VarHandle TRANSLATION;
    private static final VarHandle POLLS;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            TRANSLATION = lookup.findVarHandle(IommuPort.class, "translation", Translation.class);
            POLLS = lookup.findVarHandle(IommuPort.class, "polls", int.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    private static final int SPINS_BEFORE_YIELD = 200;

    private final String device;
    private final BooleanSupplier busMaster;
    private final FaultLog faults;
    private final AccessFence fence;

    /** Odd while a step runs. Written by the device's thread only. */
    private final PaddedLong counter = new PaddedLong();

    /** How accesses are translated; null refuses them all. Set under the group's lock, read inside a step only. */
    @SuppressWarnings("UnusedVariable") // through TRANSLATION
    private @Nullable Translation translation;

    @SuppressWarnings({"unused", "FieldCanBeFinal"}) // through POLLS, so that no compiler knows its value
    private int polls = 2;

    IommuPort(String device, BooleanSupplier busMaster, FaultLog faults, AccessFence fence) {
        this.device = device;
        this.busMaster = busMaster;
        this.faults = faults;
        this.fence = fence;
    }

    @Override
    public boolean read(long iova, MemorySegment target, long targetOffset, long length) {
        if (target.isReadOnly()) {
            throw new IllegalArgumentException("a device read needs a target that can be written");
        }
        return access(iova, target, targetOffset, length, false);
    }

    @Override
    public boolean write(long iova, MemorySegment source, long sourceOffset, long length) {
        return access(iova, source, sourceOffset, length, true);
    }

    /** Sets how accesses that start from now on are translated. */
    void translateWith(@Nullable Translation next) {
        TRANSLATION.setVolatile(this, next);
    }

    /** Waits until an access that is in progress now has done its step. */
    @SuppressWarnings("ThreadPriorityCheck") // yielding only shortens the wait for a device thread that lost its core
    void awaitAccessEnd() {
        long seen = counter.getAcquire();
        if ((seen & 1) == 0) {
            return;
        }
        int spins = 0;
        while (counter.getAcquire() == seen) {
            if (++spins < SPINS_BEFORE_YIELD) {
                Thread.onSpinWait();
            } else {
                Thread.yield();
            }
        }
    }

    private boolean access(long iova, MemorySegment buffer, long bufferOffset, long length, boolean write) {
        Objects.checkFromIndexSize(bufferOffset, length, buffer.byteSize());
        if (!busMaster.getAsBoolean()) {
            return refused(iova, write, DmaFault.Reason.BUS_MASTER_OFF);
        }
        long done = 0;
        while (done < length) {
            long moved = step(iova + done, buffer, bufferOffset + done, length - done, write);
            if (moved < 0) {
                return refused(iova + done, write, Translation.reason(moved));
            }
            done += moved;
        }
        return true;
    }

    /** Moves what one page and one step allow; answers the bytes moved, or a refusal. */
    private long step(long iova, MemorySegment buffer, long bufferOffset, long remaining, boolean write) {
        long idle = counter.getPlain();
        if ((idle & 1) != 0) {
            throw new IllegalStateException("the DMA port of " + device + " is used by two threads at once");
        }
        try {
            counter.setOpaque(idle + 1);
            fence.deviceEntered();
            Translation current = (Translation) TRANSLATION.getAcquire(this);
            if (current == null) {
                return Translation.refuse(DmaFault.Reason.BLOCKED);
            }
            IotlbLine line = current.lookup(iova, write);
            if (line == null) {
                return current.refusal();
            }
            long length = Math.min(remaining, Math.min(line.bytesFrom(iova), MAX_STEP));
            long offset = line.offset(iova);
            MemorySegment view = line.view();
            boolean moved = true;
            if (view == null) {
                moved = moveIndirectly(line.backing(), offset, buffer, bufferOffset, length, write);
            } else if (write) {
                MemorySegment.copy(buffer, bufferOffset, view, offset, length);
            } else {
                MemorySegment.copy(view, offset, buffer, bufferOffset, length);
            }
            deliverMemoryErrors();
            return moved ? length : Translation.refuse(DmaFault.Reason.MEMORY_GONE);
        } catch (RuntimeException | InternalError gone) {
            // The caller's side was checked before: the arena behind the translation was closed, or a file cut short.
            return Translation.refuse(DmaFault.Reason.MEMORY_GONE);
        } finally {
            counter.setRelease(idle + 2);
        }
    }

    /** Moves bytes of memory without a direct view; false when they are not there. */
    private static boolean moveIndirectly(
            @Nullable BackingMemory memory,
            long offset,
            MemorySegment buffer,
            long bufferOffset,
            long length,
            boolean write) {
        if (memory == null) {
            return false;
        }
        return write
                ? memory.write(offset, buffer, bufferOffset, length)
                : memory.read(offset, buffer, bufferOffset, length);
    }

    /**
     * Makes the error of a copy from a file that was cut short surface here. The JVM skips the copy and delivers the error
     * at the thread's next safepoint poll, which could be after the access. A loop whose end the compiler cannot know polls
     * at each turn; in compiled code the first poll leaves it, and the next delivers.
     */
    private void deliverMemoryErrors() {
        int polled = 0;
        while (polled < (int) POLLS.getOpaque(this)) {
            polled++;
        }
    }

    private boolean refused(long iova, boolean write, DmaFault.Reason reason) {
        faults.record(new DmaFault(device, iova, write, reason));
        return false;
    }
}
