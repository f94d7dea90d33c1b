// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.mdev;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntSupplier;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.struct.UapiLayouts;

/**
 * The registers of a {@link SerialDma}, as the user of the device sees them. While BUSY is set the user changes none. Documented
 * in {@code docs/devices.md}. Thread-safe.
 */
final class SerialDmaRegisters {
    /** Size in bytes. */
    static final int LENGTH = 64;

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

    private final IntSupplier pinnedPages;

    /** Guards the registers; a leaf. */
    private final ReentrantLock registerLock = new ReentrantLock();

    private long address;
    private int count;
    private int command;
    private int status;
    private int error;
    private int moved;

    /** They do not change. */
    private boolean frozen;

    /**
     * Registers after power-on.
     *
     * @param pinnedPages what {@link #PINNED} shows
     */
    SerialDmaRegisters(IntSupplier pinnedPages) {
        this.pinnedPages = pinnedPages;
    }

    /** Back to the state after power-on: a transfer that waits for its turn will find nothing to do. */
    void clear() {
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

    /** From now on the user's writes are refused, or taken again. */
    void freeze(boolean freeze) {
        registerLock.lock();
        try {
            frozen = freeze;
        } finally {
            registerLock.unlock();
        }
    }

    /** Whether a transfer runs or waits. */
    boolean busy() {
        registerLock.lock();
        try {
            return (status & STATUS_BUSY) != 0;
        } finally {
            registerLock.unlock();
        }
    }

    /** Where the transfer starts. */
    long address() {
        registerLock.lock();
        try {
            return address;
        } finally {
            registerLock.unlock();
        }
    }

    /** How long it is. */
    int count() {
        registerLock.lock();
        try {
            return count;
        } finally {
            registerLock.unlock();
        }
    }

    /** What is to be done. */
    int command() {
        registerLock.lock();
        try {
            return command;
        } finally {
            registerLock.unlock();
        }
    }

    /**
     * The transfer is over.
     *
     * @param errno 0 when all went well
     * @param bytes how many were moved
     */
    void finish(int errno, int bytes) {
        registerLock.lock();
        try {
            status = errno == 0 ? STATUS_DONE : STATUS_DONE | STATUS_ERROR;
            error = errno;
            moved = bytes;
        } finally {
            registerLock.unlock();
        }
    }

    /** Writes them as in {@link SavedRecord}. A transfer that waits stays BUSY. */
    void save(MemorySegment target) {
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
     * Checks what was saved.
     *
     * @throws VfioException EINVAL when no engine is in such a state
     */
    static void requirePossible(MemorySegment saved) {
        int savedStatus = saved.get(UapiLayouts.U32, 16);
        if (savedStatus != 0
                && savedStatus != STATUS_BUSY
                && savedStatus != STATUS_DONE
                && savedStatus != (STATUS_DONE | STATUS_ERROR)) {
            throw new VfioException(
                    Errno.EINVAL,
                    "restore refused: no engine is in a state with status 0x" + Integer.toHexString(savedStatus));
        }
    }

    /** Takes what was saved and is {@linkplain #requirePossible possible}. */
    void restore(MemorySegment saved) {
        registerLock.lock();
        try {
            address = saved.get(UapiLayouts.U64, 0);
            count = saved.get(UapiLayouts.U32, 8);
            command = saved.get(UapiLayouts.U32, 12);
            status = saved.get(UapiLayouts.U32, 16);
            error = saved.get(UapiLayouts.U32, 20);
            moved = saved.get(UapiLayouts.U32, 24);
        } finally {
            registerLock.unlock();
        }
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
            case PINNED -> pinnedPages.getAsInt();
            case IDENTITY -> IDENTITY_VALUE;
            case CAPACITY -> SerialDma.BUFFER_LENGTH;
            default -> 0;
        };
    }

    /**
     * Writes 4 or 8 bytes; anything else, and everything while BUSY, is ignored.
     *
     * @return whether that starts a transfer
     * @throws VfioException EFAULT while the device is stopped
     */
    boolean write(int offset, int size, long value) {
        if (size < Integer.BYTES) {
            return false;
        }
        registerLock.lock();
        try {
            if (frozen) {
                throw SerialDevice.stoppedDevice();
            }
            if ((status & STATUS_BUSY) != 0) {
                return false;
            }
            boolean start = writeWord(offset, (int) value);
            if (size == Long.BYTES) {
                start |= writeWord(offset + Integer.BYTES, (int) (value >>> 32));
            }
            if (start) {
                status = STATUS_BUSY;
                error = 0;
                moved = 0;
            }
            return start;
        } finally {
            registerLock.unlock();
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
}
