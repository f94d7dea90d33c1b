// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.mdev;

import java.lang.foreign.MemorySegment;
import org.vfio4j.uapi.struct.UapiLayouts;

/**
 * The configuration space of a display: all virtual, and all read-only but for one register. Guarded by the device's
 * register lock. Spec: mdev §10.
 */
final class DisplayConfigSpace {
    /** Size of the region in bytes: one short of a whole configuration space, as the original has it. */
    static final int LENGTH = 0xff;

    /** {@code DRM_FORMAT_XRGB8888}. */
    static final int FORMAT = 0x34325258;

    private static final int BAR0 = 0x10;
    /** A prefetchable register for memory. */
    private static final int MEMORY_BAR = 0x8;
    /** Low bits of a base address register that say what it is and never change. */
    private static final int KIND_BITS = 0xf;

    private static final int CAPABILITY = 0x40;

    private final byte[] bytes = new byte[LENGTH];
    private final MemorySegment view = MemorySegment.ofArray(bytes);
    private final DisplayType type;

    DisplayConfigSpace(DisplayType type) {
        this.type = type;
        view.set(UapiLayouts.U32, 0x00, 0x000f_1b36);
        view.set(UapiLayouts.U16, 0x04, (short) 0x0003);
        view.set(UapiLayouts.U16, 0x06, (short) 0x0010);
        bytes[0x08] = 0x01;
        view.set(UapiLayouts.U16, 0x0a, (short) 0x0380);
        view.set(UapiLayouts.U32, BAR0, MEMORY_BAR);
        view.set(UapiLayouts.U32, 0x2c, 0x1100_1af4);
        bytes[0x34] = CAPABILITY;
        // A vendor's capability, the last one, of 16 bytes.
        bytes[CAPABILITY] = 0x09;
        bytes[CAPABILITY + 2] = 0x10;
        view.set(UapiLayouts.U32, 0x44, FORMAT);
        view.set(UapiLayouts.U32, 0x48, type.width());
        view.set(UapiLayouts.U32, 0x4c, type.height());
    }

    /** Copies bytes out; the range is inside. */
    void read(int offset, MemorySegment target, long at, int size) {
        MemorySegment.copy(view, offset, target, at, size);
    }

    /** Takes a write; only whole ones of the base address register do anything. */
    void write(int offset, MemorySegment source, long at, int size) {
        if (offset == BAR0 && size == Integer.BYTES) {
            int value = source.get(UapiLayouts.U32, at);
            int kind = view.get(UapiLayouts.U32, BAR0) & KIND_BITS;
            view.set(UapiLayouts.U32, BAR0, (value == -1 ? -type.memory() : value & ~KIND_BITS) | kind);
        }
    }
}
