// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;

import java.lang.foreign.MemorySegment;

/**
 * What the hardware behind a device is: Arm SMMUv3.
 *
 * <pre>{@code
 * struct iommu_hw_info_arm_smmuv3 {
 *     __u32 flags;       //  0
 *     __u32 __reserved;  //  4
 *     __u32 idr[6];      //  8
 *     __u32 iidr;        // 32
 *     __u32 aidr;        // 36
 * };                     // 40 bytes
 * }</pre>
 */
public final class IommuHwInfoArmSmmuv3 {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 40;

    public static final int FLAGS_OFFSET = 0;
    public static final int RESERVED_OFFSET = 4;
    public static final int IDR_OFFSET = 8;
    public static final int IDR_COUNT = 6;
    public static final int IIDR_OFFSET = 32;
    public static final int AIDR_OFFSET = 36;

    private IommuHwInfoArmSmmuv3() {}

    public static int flags(MemorySegment struct) {
        return struct.get(U32, FLAGS_OFFSET);
    }

    public static void flags(MemorySegment struct, int value) {
        struct.set(U32, FLAGS_OFFSET, value);
    }

    public static int reserved(MemorySegment struct) {
        return struct.get(U32, RESERVED_OFFSET);
    }

    public static void reserved(MemorySegment struct, int value) {
        struct.set(U32, RESERVED_OFFSET, value);
    }

    public static int idr(MemorySegment struct, int index) {
        return struct.get(U32, IDR_OFFSET + (long) index * 4);
    }

    public static void idr(MemorySegment struct, int index, int value) {
        struct.set(U32, IDR_OFFSET + (long) index * 4, value);
    }

    public static int iidr(MemorySegment struct) {
        return struct.get(U32, IIDR_OFFSET);
    }

    public static void iidr(MemorySegment struct, int value) {
        struct.set(U32, IIDR_OFFSET, value);
    }

    public static int aidr(MemorySegment struct) {
        return struct.get(U32, AIDR_OFFSET);
    }

    public static void aidr(MemorySegment struct, int value) {
        struct.set(U32, AIDR_OFFSET, value);
    }
}
