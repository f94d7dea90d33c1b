// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.mdev;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.vfio4j.uapi.struct.UapiLayouts;

/**
 * One serial port, looped back: what is written to it can be read from it. Guarded by the device's register lock; methods
 * answer how many interrupts the access causes, which the caller raises when it has dropped the lock. Spec: mdev §9.
 */
final class Uart {
    /** Size of its registers in bytes. */
    static final int LENGTH = 8;

    /** Entries of the ring; also the FIFO's size while it is enabled. */
    static final int FIFO_LENGTH = 16;

    // Registers.
    private static final int DATA = 0;
    private static final int INTERRUPT_ENABLE = 1;
    private static final int FIFO_CONTROL = 2;
    private static final int LINE_CONTROL = 3;
    private static final int MODEM_CONTROL = 4;
    private static final int LINE_STATUS = 5;
    private static final int MODEM_STATUS = 6;
    private static final int SCRATCH = 7;

    // Interrupt enable.
    private static final int WHEN_RECEIVED = 0x01;
    private static final int WHEN_EMPTY = 0x02;
    private static final int WHEN_LINE_CHANGES = 0x04;
    private static final int WHEN_MODEM_CHANGES = 0x08;

    // FIFO control.
    private static final int FIFO_ENABLE = 0x01;
    private static final int FIFO_CLEAR = 0x06;

    private static final int DIVISOR_ACCESS = 0x80;

    // Modem control.
    private static final int DTR_OR_RTS = 0x03;
    private static final int OUT2 = 0x08;
    private static final int AUTO_FLOW = 0x20;

    // Interrupt identification.
    private static final int ID_LINE = 0x06;
    private static final int ID_RECEIVED = 0x04;
    private static final int ID_EMPTY = 0x02;
    private static final int ID_NONE = 0x01;
    private static final int ID_FIFOS = 0xc0;

    // Line status.
    private static final int STATUS_RECEIVED = 0x01;
    private static final int STATUS_OVERRUN = 0x02;
    private static final int STATUS_EMPTY = 0x60;

    // Modem status.
    private static final int STATUS_CARRIER = 0xa2;
    private static final int STATUS_CLEAR_TO_SEND = 0x11;

    private final byte[] fifo = new byte[FIFO_LENGTH];
    private int fifoSize = FIFO_LENGTH;
    private int triggerLevel;
    private int tail;
    private int count;
    private boolean overrun;
    private boolean divisorAccess;
    private int divisor;
    private int interruptEnable;
    private int fifoControl;
    private int lineControl;
    private int modemControl;
    private int scratch;
    private int interrupts;

    /** Interrupts caused since the last call. */
    int takeInterrupts() {
        int caused = interrupts;
        interrupts = 0;
        return caused;
    }

    /** Writes a register. */
    void write(int register, int value) {
        switch (register) {
            case DATA -> {
                if (divisorAccess) {
                    divisor |= value;
                } else {
                    push((byte) value);
                }
            }
            case INTERRUPT_ENABLE -> {
                if (divisorAccess) {
                    divisor |= value << 8;
                } else {
                    interruptEnable = value;
                    interruptIf(enabled(WHEN_EMPTY) && count == 0);
                }
            }
            case FIFO_CONTROL -> {
                fifoControl = value;
                if ((value & FIFO_CLEAR) != 0) {
                    count = 0;
                }
                triggerLevel = 1;
                fifoSize = (value & FIFO_ENABLE) != 0 ? FIFO_LENGTH : 1;
            }
            case LINE_CONTROL -> {
                lineControl = value;
                divisorAccess = (value & DIVISOR_ACCESS) != 0;
                if (divisorAccess) {
                    divisor = 0;
                }
            }
            case MODEM_CONTROL -> {
                modemControl = value;
                interruptIf(enabled(WHEN_MODEM_CHANGES) && (value & OUT2) != 0);
                interruptIf(enabled(WHEN_MODEM_CHANGES) && (value & DTR_OR_RTS) != 0);
            }
            case SCRATCH -> scratch = value;
            default -> {
                // The status registers are read-only.
            }
        }
    }

    /** Reads a register; reading data takes it out. */
    int read(int register) {
        return switch (register) {
            case DATA -> divisorAccess ? divisor & 0xff : pop();
            case INTERRUPT_ENABLE -> divisorAccess ? divisor >> 8 : interruptEnable & 0x0f;
            case FIFO_CONTROL -> identification() | ID_FIFOS;
            case LINE_CONTROL -> lineControl;
            case MODEM_CONTROL -> modemControl;
            case LINE_STATUS -> (count > 0 ? STATUS_RECEIVED : STATUS_EMPTY) | (overrun ? STATUS_OVERRUN : 0);
            case MODEM_STATUS ->
                STATUS_CARRIER | ((modemControl & AUTO_FLOW) != 0 && count >= fifoSize ? 0 : STATUS_CLEAR_TO_SEND);
            default -> scratch;
        };
    }

    /** Whether reading a register now would take something out of the port. */
    boolean readTakes(int register) {
        return register == DATA && !divisorAccess && count > 0;
    }

    /** Writes the state as a {@link SavedPort}; nothing is waiting to be raised. */
    void save(MemorySegment port) {
        port.fill((byte) 0);
        SavedPort.set(port, SavedPort.INTERRUPT_ENABLE, interruptEnable);
        SavedPort.set(port, SavedPort.LINE_CONTROL, lineControl);
        SavedPort.set(port, SavedPort.MODEM_CONTROL, modemControl);
        SavedPort.set(port, SavedPort.SCRATCH, scratch);
        MemorySegment.copy(fifo, 0, port, ValueLayout.JAVA_BYTE, SavedPort.FIFO, FIFO_LENGTH);
        SavedPort.set(port, SavedPort.HEAD, (tail + count) % FIFO_LENGTH);
        SavedPort.set(port, SavedPort.TAIL, tail);
        SavedPort.set(port, SavedPort.COUNT, count);
        SavedPort.set(port, SavedPort.DIVISOR_ACCESS, divisorAccess ? 1 : 0);
        SavedPort.set(port, SavedPort.OVERRUN, overrun ? 1 : 0);
        port.set(UapiLayouts.U16, SavedPort.DIVISOR, (short) divisor);
        SavedPort.set(port, SavedPort.FIFO_CONTROL, fifoControl);
        SavedPort.set(port, SavedPort.FIFO_SIZE, fifoSize);
        SavedPort.set(port, SavedPort.TRIGGER_LEVEL, triggerLevel);
    }

    /** Takes a state that was {@linkplain SavedPort#check checked}. */
    void restore(MemorySegment port) {
        interruptEnable = SavedPort.get(port, SavedPort.INTERRUPT_ENABLE);
        lineControl = SavedPort.get(port, SavedPort.LINE_CONTROL);
        modemControl = SavedPort.get(port, SavedPort.MODEM_CONTROL);
        scratch = SavedPort.get(port, SavedPort.SCRATCH);
        MemorySegment.copy(port, ValueLayout.JAVA_BYTE, SavedPort.FIFO, fifo, 0, FIFO_LENGTH);
        tail = SavedPort.get(port, SavedPort.TAIL);
        count = SavedPort.get(port, SavedPort.COUNT);
        divisorAccess = SavedPort.get(port, SavedPort.DIVISOR_ACCESS) != 0;
        overrun = SavedPort.get(port, SavedPort.OVERRUN) != 0;
        divisor = Short.toUnsignedInt(port.get(UapiLayouts.U16, SavedPort.DIVISOR));
        fifoControl = SavedPort.get(port, SavedPort.FIFO_CONTROL);
        fifoSize = SavedPort.get(port, SavedPort.FIFO_SIZE);
        triggerLevel = SavedPort.get(port, SavedPort.TRIGGER_LEVEL);
    }

    private void push(byte value) {
        if (count < fifoSize) {
            fifo[(tail + count) % FIFO_LENGTH] = value;
            count++;
            overrun = false;
            interruptIf(enabled(WHEN_RECEIVED) && count == triggerLevel);
        } else {
            overrun = true;
            interruptIf(enabled(WHEN_LINE_CHANGES));
        }
    }

    private int pop() {
        if (count == 0) {
            return 0;
        }
        int value = Byte.toUnsignedInt(fifo[tail]);
        tail = (tail + 1) % FIFO_LENGTH;
        count--;
        interruptIf(count == 0 && enabled(WHEN_EMPTY));
        return value;
    }

    private int identification() {
        int causes = 0;
        if (enabled(WHEN_LINE_CHANGES) && overrun) {
            causes |= ID_LINE;
        }
        if (enabled(WHEN_RECEIVED) && count >= triggerLevel) {
            causes |= ID_RECEIVED;
        }
        if (enabled(WHEN_EMPTY) && count == 0) {
            causes |= ID_EMPTY;
        }
        // A modem change is shown as 0, which cannot be told from nothing.
        return causes == 0 ? ID_NONE : causes;
    }

    private boolean enabled(int cause) {
        return (interruptEnable & cause) != 0;
    }

    private void interruptIf(boolean cause) {
        if (cause) {
            interrupts++;
        }
    }
}
