// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;

import java.lang.foreign.MemorySegment;

/**
 * What a device offers: its kind, its regions and its interrupts.
 *
 * <p>Argument of {@link org.vfio4j.uapi.VfioIoctl#VFIO_DEVICE_GET_INFO}.
 *
 * <pre>{@code
 * struct vfio_device_info {
 *     __u32 argsz;        //  0  bytes the caller offers
 *     __u32 flags;        //  4  VFIO_DEVICE_FLAGS_*
 *     __u32 num_regions;  //  8  indexes 0 to num_regions - 1
 *     __u32 num_irqs;     // 12  indexes 0 to num_irqs - 1
 *     __u32 cap_offset;   // 16  first capability, from the start of the struct; 0 if there is none
 *     __u32 pad;          // 20
 * };                      // 24 bytes
 * }</pre>
 */
public final class VfioDeviceInfo {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 24;

    /** The least {@code argsz} the kernel accepts; what lies beyond came with later versions or is optional. */
    public static final int MIN_ARGSZ = 16;

    public static final int ARGSZ_OFFSET = 0;
    public static final int FLAGS_OFFSET = 4;
    public static final int NUM_REGIONS_OFFSET = 8;
    public static final int NUM_IRQS_OFFSET = 12;
    public static final int CAP_OFFSET_OFFSET = 16;
    public static final int PAD_OFFSET = 20;

    private VfioDeviceInfo() {}

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

    public static int numRegions(MemorySegment struct) {
        return struct.get(U32, NUM_REGIONS_OFFSET);
    }

    public static void numRegions(MemorySegment struct, int value) {
        struct.set(U32, NUM_REGIONS_OFFSET, value);
    }

    public static int numIrqs(MemorySegment struct) {
        return struct.get(U32, NUM_IRQS_OFFSET);
    }

    public static void numIrqs(MemorySegment struct, int value) {
        struct.set(U32, NUM_IRQS_OFFSET, value);
    }

    public static int capOffset(MemorySegment struct) {
        return struct.get(U32, CAP_OFFSET_OFFSET);
    }

    public static void capOffset(MemorySegment struct, int value) {
        struct.set(U32, CAP_OFFSET_OFFSET, value);
    }

    public static int pad(MemorySegment struct) {
        return struct.get(U32, PAD_OFFSET);
    }

    public static void pad(MemorySegment struct, int value) {
        struct.set(U32, PAD_OFFSET, value);
    }
}
