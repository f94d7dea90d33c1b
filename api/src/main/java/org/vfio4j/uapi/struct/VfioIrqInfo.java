// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;

import java.lang.foreign.MemorySegment;

/**
 * How many interrupts one index has and how they behave.
 *
 * <p>Argument of {@link org.vfio4j.uapi.VfioIoctl#VFIO_DEVICE_GET_IRQ_INFO}.
 *
 * <pre>{@code
 * struct vfio_irq_info {
 *     __u32 argsz;  //  0  bytes the caller offers
 *     __u32 flags;  //  4  VFIO_IRQ_INFO_*
 *     __u32 index;  //  8  in: which interrupt index
 *     __u32 count;  // 12  subindexes 0 to count - 1
 * };                // 16 bytes
 * }</pre>
 */
public final class VfioIrqInfo {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 16;

    /** The least {@code argsz} the kernel accepts. */
    public static final int MIN_ARGSZ = 16;

    public static final int ARGSZ_OFFSET = 0;
    public static final int FLAGS_OFFSET = 4;
    public static final int INDEX_OFFSET = 8;
    public static final int COUNT_OFFSET = 12;

    private VfioIrqInfo() {}

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

    public static int count(MemorySegment struct) {
        return struct.get(U32, COUNT_OFFSET);
    }

    public static void count(MemorySegment struct, int value) {
        struct.set(U32, COUNT_OFFSET, value);
    }
}
