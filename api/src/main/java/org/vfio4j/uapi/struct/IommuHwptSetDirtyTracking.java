// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;

import java.lang.foreign.MemorySegment;

/**
 * Switches dirty tracking of a page table on or off.
 *
 * <p>Argument of {@link org.vfio4j.uapi.IommufdIoctl#IOMMU_HWPT_SET_DIRTY_TRACKING}.
 *
 * <pre>{@code
 * struct iommu_hwpt_set_dirty_tracking {
 *     __u32 size;        //  0  bytes the caller offers
 *     __u32 flags;       //  4  IOMMU_HWPT_DIRTY_TRACKING_ENABLE
 *     __u32 hwpt_id;     //  8
 *     __u32 __reserved;  // 12
 * };                     // 16 bytes
 * }</pre>
 */
public final class IommuHwptSetDirtyTracking {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 16;

    /** The least {@code size} the kernel accepts. */
    public static final int MIN_SIZE = 16;

    public static final int SIZE_OFFSET = 0;
    public static final int FLAGS_OFFSET = 4;
    public static final int HWPT_ID_OFFSET = 8;
    public static final int RESERVED_OFFSET = 12;

    private IommuHwptSetDirtyTracking() {}

    public static int size(MemorySegment struct) {
        return struct.get(U32, SIZE_OFFSET);
    }

    public static void size(MemorySegment struct, int value) {
        struct.set(U32, SIZE_OFFSET, value);
    }

    public static int flags(MemorySegment struct) {
        return struct.get(U32, FLAGS_OFFSET);
    }

    public static void flags(MemorySegment struct, int value) {
        struct.set(U32, FLAGS_OFFSET, value);
    }

    public static int hwptId(MemorySegment struct) {
        return struct.get(U32, HWPT_ID_OFFSET);
    }

    public static void hwptId(MemorySegment struct, int value) {
        struct.set(U32, HWPT_ID_OFFSET, value);
    }

    public static int reserved(MemorySegment struct) {
        return struct.get(U32, RESERVED_OFFSET);
    }

    public static void reserved(MemorySegment struct, int value) {
        struct.set(U32, RESERVED_OFFSET, value);
    }
}
