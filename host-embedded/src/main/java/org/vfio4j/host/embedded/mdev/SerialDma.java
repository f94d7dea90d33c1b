// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.mdev;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.mdev.UserMemory;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The DMA engine of a serial device: moves bytes between its user's memory and the port's loopback buffer of
 * {@value #BUFFER_LENGTH} bytes, either copying in software or through pages it pins and keeps pinned until it is told to
 * let go. Its user commands it through {@link SerialDmaRegisters}. Thread-safe.
 */
final class SerialDma {
    /** Most bytes of one transfer. */
    static final int BUFFER_LENGTH = 4096;

    private final SerialInterrupts interrupts;
    private final WriteLog log;
    private final Executor thread;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment buffer = arena.allocate(BUFFER_LENGTH, BUFFER_LENGTH);

    /**
     * Held through a transfer, so that the last close, a reset and the user's unmap wait for it. Taken before that of the
     * {@link #registers} and before the locks that pinning and copying take; those are not held by who unmaps.
     */
    private final ReentrantLock transferLock = new ReentrantLock();

    /** Made once: starting a transfer allocates nothing here. */
    private final Runnable step = this::run;

    /** Null while the device is not open; guarded by the transfer lock. */
    private @Nullable PinnedPages pins;

    private @Nullable UserMemory memory;

    /** Written under the transfer lock. */
    private volatile int pinnedPages;

    private final SerialDmaRegisters registers = new SerialDmaRegisters(() -> pinnedPages);

    /** Changes with the buffer; guarded by the transfer lock. */
    private long bufferVersion;

    /** Transfers wait; guarded by the transfer lock. */
    private boolean suspended;

    SerialDma(SerialInterrupts interrupts, WriteLog log, Executor thread) {
        this.interrupts = interrupts;
        this.log = log;
        this.thread = thread;
    }

    /** First open. */
    void open(UserMemory userMemory) {
        transferLock.lock();
        try {
            memory = userMemory;
            pins = new PinnedPages(userMemory);
        } finally {
            transferLock.unlock();
        }
    }

    /** Last close: waits for a transfer and gives every pin back. */
    void close() {
        transferLock.lock();
        try {
            registers.clear();
            releasePins();
            pins = null;
            memory = null;
        } finally {
            transferLock.unlock();
        }
    }

    /** Back to the state after power-on; waits for a transfer. */
    void reset() {
        transferLock.lock();
        try {
            registers.clear();
            releasePins();
            buffer.fill((byte) 0);
            bufferVersion++;
        } finally {
            transferLock.unlock();
        }
    }

    /** The device is taken apart; it is closed. */
    void free() {
        transferLock.lock();
        try {
            registers.clear();
            if (arena.scope().isAlive()) {
                arena.close();
            }
        } finally {
            transferLock.unlock();
        }
    }

    /** From now on nothing else happens: waits for a transfer to end, starts one that had to wait. */
    void allow(Activity activity) {
        boolean start;
        transferLock.lock();
        try {
            suspended = activity != Activity.FULL;
            registers.freeze(activity == Activity.NONE);
            start = !suspended && registers.busy();
        } finally {
            transferLock.unlock();
        }
        if (start) {
            thread.execute(step);
        }
    }

    /** Changes whenever the buffer does. */
    long bufferVersion() {
        transferLock.lock();
        try {
            return bufferVersion;
        } finally {
            transferLock.unlock();
        }
    }

    /** Copies the buffer and answers its version. */
    long saveBuffer(MemorySegment target) {
        transferLock.lock();
        try {
            target.copyFrom(buffer);
            return bufferVersion;
        } finally {
            transferLock.unlock();
        }
    }

    /** Writes the registers as in {@link SavedRecord}. */
    void saveRegisters(MemorySegment target) {
        registers.save(target);
    }

    /**
     * Takes a saved state. A transfer that waited begins when transfers are allowed.
     *
     * @throws VfioException EINVAL when no engine is in such a state
     */
    void restore(MemorySegment savedRegisters, MemorySegment savedBuffer) {
        SerialDmaRegisters.requirePossible(savedRegisters);
        transferLock.lock();
        try {
            buffer.copyFrom(savedBuffer);
            bufferVersion++;
            registers.restore(savedRegisters);
        } finally {
            transferLock.unlock();
        }
    }

    /** The user takes memory away: pins in the range are given back before this returns. */
    void dmaUnmap(long iova, long length) {
        transferLock.lock();
        try {
            if (pins != null) {
                pins.release(iova, length);
                pinnedPages = pins.pages();
            }
        } finally {
            transferLock.unlock();
        }
    }

    private void releasePins() {
        if (pins != null) {
            pins.releaseAll();
        }
        pinnedPages = 0;
    }

    /** See {@link SerialDmaRegisters#read}. */
    long read(int offset, int size) {
        return registers.read(offset, size);
    }

    /** See {@link SerialDmaRegisters#write}; the command may start a transfer. */
    void write(int offset, int size, long value) {
        if (registers.write(offset, size, value)) {
            thread.execute(step);
        }
    }

    private void run() {
        boolean raise;
        transferLock.lock();
        try {
            if (suspended || !registers.busy()) {
                return;
            }
            // They stay: whatever changes them while BUSY is set takes the transfer lock.
            long iova = registers.address();
            int length = registers.count();
            int order = registers.command();
            int errno = perform(order, iova, length);
            registers.finish(errno, errno == 0 && (order & SerialDmaRegisters.COMMAND_RELEASE) == 0 ? length : 0);
            raise = (order & SerialDmaRegisters.COMMAND_INTERRUPT) != 0;
            if (raise) {
                interrupts.announce();
            }
        } finally {
            transferLock.unlock();
        }
        if (raise) {
            interrupts.raise(1);
        }
    }

    /** Answers 0 or an errno; the transfer lock is held. */
    private int perform(int order, long iova, int length) {
        var user = memory;
        var pinned = pins;
        if (user == null || pinned == null) {
            return Errno.EINVAL.number();
        }
        try {
            if ((order & SerialDmaRegisters.COMMAND_RELEASE) != 0) {
                releasePins();
                return 0;
            }
            if (length <= 0 || length > BUFFER_LENGTH) {
                return Errno.EINVAL.number();
            }
            boolean toMemory = (order & SerialDmaRegisters.COMMAND_RECEIVE) != 0;
            try {
                return move(user, pinned, order, iova, length);
            } finally {
                // Also after a failure: part of it may have been moved.
                if (toMemory) {
                    log.written(iova, length);
                } else {
                    bufferVersion++;
                }
            }
        } catch (VfioException refused) {
            return refused.errno().number();
        } finally {
            pinnedPages = pinned.pages();
        }
    }

    private int move(UserMemory user, PinnedPages pinned, int order, long iova, int length) {
        boolean toMemory = (order & SerialDmaRegisters.COMMAND_RECEIVE) != 0;
        if ((order & SerialDmaRegisters.COMMAND_PIN) != 0) {
            boolean copied = pinned.copy(iova, buffer, length, toMemory);
            return copied ? 0 : Errno.EFAULT.number();
        }
        user.rw(iova, length == BUFFER_LENGTH ? buffer : buffer.asSlice(0, length), toMemory);
        return 0;
    }
}
