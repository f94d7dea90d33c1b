// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;

import java.lang.foreign.MemorySegment;

/**
 * Head of a request to configure, mask, unmask or trigger interrupts; the data follow.
 *
 * <p>Argument of {@link org.vfio4j.uapi.VfioIoctl#VFIO_DEVICE_SET_IRQS}.
 *
 * <pre>{@code
 * struct vfio_irq_set {
 *     __u32 argsz;  //  0  bytes the caller offers
 *     __u32 flags;  //  4  VFIO_IRQ_SET_*, one DATA and one ACTION
 *     __u32 index;  //  8
 *     __u32 start;  // 12  first subindex
 *     __u32 count;  // 16  number of subindexes
 *     __u8 data[];  // 20  count bytes, or count s32 eventfds, or nothing
 * };                // 20 bytes
 * }</pre>
 */
public final class VfioIrqSet {
    /** {@code sizeof}, in bytes, without the array at the end. */
    public static final int SIZEOF = 20;

    /** The least {@code argsz} the kernel accepts. */
    public static final int MIN_ARGSZ = 20;

    public static final int ARGSZ_OFFSET = 0;
    public static final int FLAGS_OFFSET = 4;
    public static final int INDEX_OFFSET = 8;
    public static final int START_OFFSET = 12;
    public static final int COUNT_OFFSET = 16;
    public static final int DATA_OFFSET = 20;

    private VfioIrqSet() {}

    public static int argsz(MemorySegment struct) {
        return struct.get(U32, ARGSZ_OFFSET);
    }

    public static void argsz(MemorySegment struct, int value) {
        struct.set(U32, ARGSZ_OFFSET, value);
    }

    public static int flags(MemorySegment struct) {
        return struct.get(U32, FLAGS_OFFSET);
    }

    public static void flags(MemorySegment struct, int value) {
        struct.set(U32, FLAGS_OFFSET, value);
    }

    public static int index(MemorySegment struct) {
        return struct.get(U32, INDEX_OFFSET);
    }

    public static void index(MemorySegment struct, int value) {
        struct.set(U32, INDEX_OFFSET, value);
    }

    public static int start(MemorySegment struct) {
        return struct.get(U32, START_OFFSET);
    }

    public static void start(MemorySegment struct, int value) {
        struct.set(U32, START_OFFSET, value);
    }

    public static int count(MemorySegment struct) {
        return struct.get(U32, COUNT_OFFSET);
    }

    public static void count(MemorySegment struct, int value) {
        struct.set(U32, COUNT_OFFSET, value);
    }
}
