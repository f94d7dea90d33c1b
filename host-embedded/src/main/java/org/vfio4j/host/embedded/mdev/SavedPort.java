// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.mdev;

import java.lang.foreign.MemorySegment;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.struct.UapiLayouts;

/**
 * A saved port, little-endian. Spec: mdev §9.
 *
 * <pre>{@code
 * struct serial_port_state {
 *     u8  uart_reg[8];        // 1 interrupt enable, 3 line control, 4 modem control, 7 scratch; others 0
 *     u8  fifo[16];
 *     u8  head, tail, count;  // next free entry, oldest entry, entries
 *     u8  dlab, overrun, pad;
 *     u16 divisor;
 *     u8  fcr;
 *     u8  max_fifo_size;      // 1 or 16
 *     u8  intr_trigger_level;
 *     u8  pad;
 * }
 * }</pre>
 */
final class SavedPort {
    /** Bytes. */
    static final int LENGTH = 36;

    static final int INTERRUPT_ENABLE = 1;
    static final int LINE_CONTROL = 3;
    static final int MODEM_CONTROL = 4;
    static final int SCRATCH = 7;
    static final int FIFO = 8;
    static final int HEAD = 24;
    static final int TAIL = 25;
    static final int COUNT = 26;
    static final int DIVISOR_ACCESS = 27;
    static final int OVERRUN = 28;
    static final int DIVISOR = 30;
    static final int FIFO_CONTROL = 32;
    static final int FIFO_SIZE = 33;
    static final int TRIGGER_LEVEL = 34;

    private SavedPort() {}

    /** Reads a byte field, unsigned. */
    static int get(MemorySegment port, int field) {
        return Byte.toUnsignedInt(port.get(UapiLayouts.U8, field));
    }

    /** Writes a byte field. */
    static void set(MemorySegment port, int field, int value) {
        port.set(UapiLayouts.U8, field, (byte) value);
    }

    /**
     * Checks that a port can be in the state that was saved: what is restored comes from outside.
     *
     * @throws VfioException EINVAL when it cannot
     */
    static void check(MemorySegment port) {
        int head = get(port, HEAD);
        int tail = get(port, TAIL);
        int count = get(port, COUNT);
        int fifoSize = get(port, FIFO_SIZE);
        boolean ring = tail < Uart.FIFO_LENGTH
                && count <= Uart.FIFO_LENGTH
                && head == (tail + count) % Uart.FIFO_LENGTH
                && (fifoSize == 1 || fifoSize == Uart.FIFO_LENGTH);
        boolean flags = get(port, DIVISOR_ACCESS) <= 1 && get(port, OVERRUN) <= 1;
        if (!ring || !flags || get(port, TRIGGER_LEVEL) > Uart.FIFO_LENGTH) {
            throw new VfioException(
                    Errno.EINVAL,
                    "restore refused: no port is in a state with head " + head + ", tail " + tail + ", count " + count
                            + ", FIFO size " + fifoSize + ", trigger level " + get(port, TRIGGER_LEVEL)
                            + ", divisor access " + get(port, DIVISOR_ACCESS) + ", overrun " + get(port, OVERRUN));
        }
    }
}
