// SPDX-License-Identifier: Apache-2.0
package com.example.adder;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.concurrent.locks.ReentrantLock;
import org.vfio4j.spi.model.DmaPort;

/**
 * The adder's hardware: registers, a buffer, and a way to memory. A command runs in the thread that writes the command
 * register and has ended when that write returns. Thread-safe.
 */
final class AdderEngine {
    /** What vectors are made of. */
    static final ValueLayout.OfInt NUMBER = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final ValueLayout.OfLong TOTAL = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final long LOW = 0xffff_ffffL;
    private static final Runnable NOBODY = () -> {};

    private final DmaPort port;
    private final MemorySegment buffer = MemorySegment.ofArray(new byte[AdderRegisters.BUFFER_SIZE]);
    private final MemorySegment result = MemorySegment.ofArray(new byte[Long.BYTES]);

    /** Guards all registers and the buffer, and keeps the port to one access at a time. Taken last. */
    private final ReentrantLock lock = new ReentrantLock();

    private long address;
    private int length;
    private int status;
    private long sum;

    /** The interrupt line. */
    private volatile Runnable interrupt = NOBODY;

    AdderEngine(DmaPort port) {
        this.port = port;
    }

    /** Connects the interrupt line to a handler, which must not block. */
    void connect(Runnable handler) {
        interrupt = handler;
    }

    /** Disconnects the interrupt line. */
    void disconnect() {
        interrupt = NOBODY;
    }

    /** Back to the state after power-on; waits for a command that runs. */
    void reset() {
        lock.lock();
        try {
            address = 0;
            length = 0;
            status = 0;
            sum = 0;
            buffer.fill((byte) 0);
        } finally {
            lock.unlock();
        }
    }

    /** Reads a register. */
    int read(int offset) {
        lock.lock();
        try {
            return switch (offset) {
                case AdderRegisters.ID -> AdderRegisters.IDENTITY;
                case AdderRegisters.STATUS -> status;
                case AdderRegisters.LENGTH -> length;
                case AdderRegisters.ADDRESS_LOW -> (int) address;
                case AdderRegisters.ADDRESS_HIGH -> (int) (address >>> Integer.SIZE);
                case AdderRegisters.SUM_LOW -> (int) sum;
                case AdderRegisters.SUM_HIGH -> (int) (sum >>> Integer.SIZE);
                default -> 0;
            };
        } finally {
            lock.unlock();
        }
    }

    /** Writes a register; read-only ones ignore it. */
    void write(int offset, int value) {
        lock.lock();
        try {
            switch (offset) {
                case AdderRegisters.LENGTH -> length = value;
                case AdderRegisters.ADDRESS_LOW -> address = (address & ~LOW) | (value & LOW);
                case AdderRegisters.ADDRESS_HIGH -> address = (address & LOW) | ((long) value << Integer.SIZE);
                case AdderRegisters.COMMAND -> status = AdderRegisters.DONE | (run(value) ? 0 : AdderRegisters.ERROR);
                default -> {}
            }
        } finally {
            lock.unlock();
        }
        if (offset == AdderRegisters.COMMAND) {
            interrupt.run();
        }
    }

    private boolean run(int command) {
        return switch (command) {
            case AdderRegisters.LOAD -> lengthIsValid() && port.read(address, buffer, 0, length) && add();
            case AdderRegisters.STORE -> lengthIsValid() && port.write(address, buffer, 0, length);
            case AdderRegisters.STORE_SUM -> port.write(address, result, 0, Long.BYTES);
            default -> false;
        };
    }

    private boolean lengthIsValid() {
        return length > 0 && length <= AdderRegisters.BUFFER_SIZE && length % Integer.BYTES == 0;
    }

    private boolean add() {
        sum = 0;
        for (var at = 0; at < length; at += Integer.BYTES) {
            sum += buffer.get(NUMBER, at);
        }
        result.set(TOTAL, 0, sum);
        return true;
    }
}
