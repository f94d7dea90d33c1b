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
import org.vfio4j.uapi.struct.UapiLayouts;

/**
 * The DMA engine of a serial device: moves bytes between its user's memory and the port's loopback buffer of
 * {@value #BUFFER_LENGTH} bytes, either copying in software or through pages it pins and keeps pinned until it is told to
 * let go. Registers are documented in {@code docs/devices.md}. Thread-safe.
 */
final class SerialDma {
    /** Size of its registers in bytes. */
    static final int LENGTH = 64;

    /** Most bytes of one transfer. */
    static final int BUFFER_LENGTH = 4096;

    // Registers.
    static final int ADDRESS = 0x00;
    static final int COUNT = 0x08;
    static final int COMMAND = 0x0c;
    static final int STATUS = 0x10;
    static final int ERROR = 0x14;
    static final int MOVED = 0x18;
    static final int PINNED = 0x1c;
    static final int IDENTITY = 0x20;
    static final int CAPACITY = 0x24;

    /** "SDMA". */
    static final int IDENTITY_VALUE = 0x414d_4453;

    // Commands.
    /** Moves bytes; also starts {@link #COMMAND_RELEASE}. */
    static final int COMMAND_START = 0x01;
    /** From the buffer to memory (RECEIVE); without it from memory to the buffer (TRANSMIT). */
    static final int COMMAND_RECEIVE = 0x02;
    /** Raise an interrupt at the end. */
    static final int COMMAND_INTERRUPT = 0x04;
    /** Reach memory through pinned pages. */
    static final int COMMAND_PIN = 0x08;
    /** Move nothing: give back every pinned page. */
    static final int COMMAND_RELEASE = 0x10;

    // Status.
    static final int STATUS_BUSY = 0x1;
    static final int STATUS_DONE = 0x2;
    static final int STATUS_ERROR = 0x4;

    private final SerialInterrupts interrupts;
    private final WriteLog log;
    private final Executor thread;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment buffer = arena.allocate(BUFFER_LENGTH, BUFFER_LENGTH);

    /**
     * Held through a transfer, so that the last close, a reset and the user's unmap wait for it. Taken before
     * {@link #registerLock} and before the locks that pinning and copying take; those are not held by who unmaps.
     */
    private final ReentrantLock transferLock = new ReentrantLock();

    /** Guards the registers; a leaf. */
    private final ReentrantLock registerLock = new ReentrantLock();

    /** Made once: starting a transfer allocates nothing here. */
    private final Runnable step = this::run;

    private long address;
    private int count;
    private int command;
    private int status;
    private int error;
    private int moved;

    /** Null while the device is not open; guarded by the transfer lock. */
    private @Nullable PinnedPages pins;

    private @Nullable UserMemory memory;

    /** Written under the transfer lock. */
    private volatile int pinnedPages;

    /** Changes with the buffer; guarded by the transfer lock. */
    private long bufferVersion;

    /** Transfers wait; guarded by the transfer lock. */
    private boolean suspended;

    /** Registers do not change; guarded by the register lock. */
    private boolean frozen;

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
            abort();
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
            abort();
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
            abort();
            if (arena.scope().isAlive()) {
                arena.close();
            }
        } finally {
            transferLock.unlock();
        }
    }

    /** A transfer that waits for its turn will find nothing to do. */
    private void abort() {
        registerLock.lock();
        try {
            address = 0;
            count = 0;
            command = 0;
            status = 0;
            error = 0;
            moved = 0;
        } finally {
            registerLock.unlock();
        }
    }

    /** From now on nothing else happens: waits for a transfer to end, starts one that had to wait. */
    void allow(Activity activity) {
        boolean start;
        transferLock.lock();
        try {
            suspended = activity != Activity.FULL;
            registerLock.lock();
            try {
                frozen = activity == Activity.NONE;
                start = !suspended && (status & STATUS_BUSY) != 0;
            } finally {
                registerLock.unlock();
            }
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

    /** Writes the registers as in {@link SavedRecord}. A transfer that waits stays BUSY in them. */
    void saveRegisters(MemorySegment target) {
        registerLock.lock();
        try {
            target.set(UapiLayouts.U64, 0, address);
            target.set(UapiLayouts.U32, 8, count);
            target.set(UapiLayouts.U32, 12, command);
            target.set(UapiLayouts.U32, 16, status);
            target.set(UapiLayouts.U32, 20, error);
            target.set(UapiLayouts.U32, 24, moved);
            target.set(UapiLayouts.U32, 28, 0);
        } finally {
            registerLock.unlock();
        }
    }

    /**
     * Takes a saved state. A transfer that waited begins when transfers are allowed.
     *
     * @throws VfioException EINVAL when no engine is in such a state
     */
    void restore(MemorySegment registers, MemorySegment savedBuffer) {
        int savedStatus = registers.get(UapiLayouts.U32, 16);
        if (savedStatus != 0
                && savedStatus != STATUS_BUSY
                && savedStatus != STATUS_DONE
                && savedStatus != (STATUS_DONE | STATUS_ERROR)) {
            throw new VfioException(
                    Errno.EINVAL,
                    "restore refused: no engine is in a state with status 0x" + Integer.toHexString(savedStatus));
        }
        transferLock.lock();
        try {
            buffer.copyFrom(savedBuffer);
            bufferVersion++;
            registerLock.lock();
            try {
                address = registers.get(UapiLayouts.U64, 0);
                count = registers.get(UapiLayouts.U32, 8);
                command = registers.get(UapiLayouts.U32, 12);
                status = savedStatus;
                error = registers.get(UapiLayouts.U32, 20);
                moved = registers.get(UapiLayouts.U32, 24);
            } finally {
                registerLock.unlock();
            }
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

    /** Reads 4 or 8 bytes; anything else reads 0. */
    long read(int offset, int size) {
        if (size < Integer.BYTES) {
            return 0;
        }
        registerLock.lock();
        try {
            long low = word(offset);
            return size == Long.BYTES ? low | ((long) word(offset + Integer.BYTES) << 32) : low;
        } finally {
            registerLock.unlock();
        }
    }

    private int word(int offset) {
        return switch (offset) {
            case ADDRESS -> (int) address;
            case ADDRESS + Integer.BYTES -> (int) (address >>> 32);
            case COUNT -> count;
            case COMMAND -> command;
            case STATUS -> status;
            case ERROR -> error;
            case MOVED -> moved;
            case PINNED -> pinnedPages;
            case IDENTITY -> IDENTITY_VALUE;
            case CAPACITY -> BUFFER_LENGTH;
            default -> 0;
        };
    }

    /**
     * Writes 4 or 8 bytes; anything else, and everything while a transfer runs or waits, is ignored.
     *
     * @throws VfioException EFAULT while the device is stopped
     */
    void write(int offset, int size, long value) {
        if (size < Integer.BYTES) {
            return;
        }
        boolean start;
        registerLock.lock();
        try {
            if (frozen) {
                throw SerialDevice.stoppedDevice();
            }
            if ((status & STATUS_BUSY) != 0) {
                return;
            }
            start = writeWord(offset, (int) value);
            if (size == Long.BYTES) {
                start |= writeWord(offset + Integer.BYTES, (int) (value >>> 32));
            }
            if (start) {
                status = STATUS_BUSY;
                error = 0;
                moved = 0;
            }
        } finally {
            registerLock.unlock();
        }
        if (start) {
            thread.execute(step);
        }
    }

    private boolean writeWord(int offset, int value) {
        switch (offset) {
            case ADDRESS -> address = (address & 0xffff_ffff_0000_0000L) | Integer.toUnsignedLong(value);
            case ADDRESS + Integer.BYTES -> address = (address & 0xffff_ffffL) | ((long) value << 32);
            case COUNT -> count = value;
            case COMMAND -> {
                command = value;
                return (value & COMMAND_START) != 0;
            }
            default -> {
                // Read-only, or not a register.
            }
        }
        return false;
    }

    private void run() {
        boolean raise;
        transferLock.lock();
        try {
            long iova;
            int length;
            int order;
            registerLock.lock();
            try {
                if ((status & STATUS_BUSY) == 0 || suspended) {
                    return;
                }
                iova = address;
                length = count;
                order = command;
            } finally {
                registerLock.unlock();
            }
            int errno = perform(order, iova, length);
            registerLock.lock();
            try {
                status = errno == 0 ? STATUS_DONE : STATUS_DONE | STATUS_ERROR;
                error = errno;
                moved = errno == 0 && (order & COMMAND_RELEASE) == 0 ? length : 0;
            } finally {
                registerLock.unlock();
            }
            raise = (order & COMMAND_INTERRUPT) != 0;
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
            if ((order & COMMAND_RELEASE) != 0) {
                releasePins();
                return 0;
            }
            if (length <= 0 || length > BUFFER_LENGTH) {
                return Errno.EINVAL.number();
            }
            boolean toMemory = (order & COMMAND_RECEIVE) != 0;
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
        boolean toMemory = (order & COMMAND_RECEIVE) != 0;
        if ((order & COMMAND_PIN) != 0) {
            boolean copied = pinned.copy(iova, buffer, length, toMemory);
            return copied ? 0 : Errno.EFAULT.number();
        }
        user.rw(iova, length == BUFFER_LENGTH ? buffer : buffer.asSlice(0, length), toMemory);
        return 0;
    }
}
