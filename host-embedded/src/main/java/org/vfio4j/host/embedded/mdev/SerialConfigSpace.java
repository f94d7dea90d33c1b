// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.mdev;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import org.vfio4j.uapi.struct.UapiLayouts;

/**
 * The configuration space of a serial device: all virtual, and nearly all read-only. Guarded by the device's register
 * lock. Spec: mdev §9.
 */
final class SerialConfigSpace {
    /** Size of the region in bytes: one short of a whole configuration space, as the original has it. */
    static final int LENGTH = 0xff;

    private static final int BAR0 = 0x10;
    private static final int BAR1 = 0x14;
    private static final int BAR2 = 0x18;
    private static final int BAR3 = 0x1c;
    private static final int BAR4 = 0x20;
    private static final int INTERRUPT_LINE = 0x3c;
    private static final int CARD = 0x32534348;
    private static final int IO_BAR = 0x1;
    /** Low bits of a base address register that say what it is and never change. */
    private static final int KIND_BITS = 0x3;

    private final byte[] bytes = new byte[LENGTH];
    private final MemorySegment view = MemorySegment.ofArray(bytes);
    private final SerialType type;

    SerialConfigSpace(SerialType type) {
        this.type = type;
        view.set(UapiLayouts.U32, 0x00, CARD);
        view.set(UapiLayouts.U16, 0x04, (short) 0x0001);
        view.set(UapiLayouts.U16, 0x06, (short) 0x0200);
        bytes[0x08] = (byte) (type.engine() ? 0x20 : 0x10);
        bytes[0x09] = 0x02;
        view.set(UapiLayouts.U16, 0x0a, (short) 0x0700);
        view.set(UapiLayouts.U32, BAR0, IO_BAR);
        if (type == SerialType.DUAL) {
            view.set(UapiLayouts.U32, BAR1, IO_BAR);
        }
        view.set(UapiLayouts.U32, 0x2c, CARD);
        bytes[0x3d] = 0x01;
        view.set(UapiLayouts.U32, 0x40, 0x8000_0023);
        bytes[0x44] = 0x23;
        bytes[0x48] = 0x23;
        bytes[0x4c] = 0x23;
        byte[] text = "PCI Serial/UART".getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(text, 0, bytes, 0x60, text.length);
    }

    /** Copies bytes out; the range is inside. */
    void read(int offset, MemorySegment target, long at, int size) {
        MemorySegment.copy(view, offset, target, at, size);
    }

    /** Takes a write of 1, 2 or 4 bytes: what it starts at decides what happens. */
    void write(int offset, MemorySegment source, long at, int size) {
        switch (offset) {
            case INTERRUPT_LINE -> bytes[INTERRUPT_LINE] = source.get(ValueLayout.JAVA_BYTE, at);
            case BAR0 -> writeBar(BAR0, Uart.LENGTH, value(source, at, size));
            case BAR1 -> {
                switch (type) {
                    case SINGLE -> view.set(UapiLayouts.U32, BAR1, 0);
                    case DUAL -> writeBar(BAR1, Uart.LENGTH, value(source, at, size));
                    case DMA -> writeBar(BAR1, SerialDmaRegisters.LENGTH, value(source, at, size));
                }
            }
            case BAR2, BAR3, BAR4 -> view.set(UapiLayouts.U32, offset, 0);
            default -> {
                // Read-only.
            }
        }
    }

    private void writeBar(int offset, int size, int value) {
        int kind = view.get(UapiLayouts.U32, offset) & KIND_BITS;
        view.set(UapiLayouts.U32, offset, (value == -1 ? -size : value & ~KIND_BITS) | kind);
    }

    private static int value(MemorySegment source, long at, int size) {
        return switch (size) {
            case 1 -> Byte.toUnsignedInt(source.get(ValueLayout.JAVA_BYTE, at));
            case 2 -> Short.toUnsignedInt(source.get(UapiLayouts.U16, at));
            default -> source.get(UapiLayouts.U32, at);
        };
    }
}
