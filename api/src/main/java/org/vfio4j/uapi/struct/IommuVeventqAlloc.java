// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;

import java.lang.foreign.MemorySegment;

/**
 * Makes a queue for the events of a virtual IOMMU.
 *
 * <p>Argument of {@link org.vfio4j.uapi.IommufdIoctl#IOMMU_VEVENTQ_ALLOC}.
 *
 * <pre>{@code
 * struct iommu_veventq_alloc {
 *     __u32 size;            //  0  bytes the caller offers
 *     __u32 flags;           //  4  none defined
 *     __u32 viommu_id;       //  8
 *     __u32 type;            // 12  IOMMU_VEVENTQ_TYPE_*
 *     __u32 veventq_depth;   // 16  events
 *     __u32 out_veventq_id;  // 20
 *     __u32 out_veventq_fd;  // 24
 *     __u32 __reserved;      // 28
 * };                         // 32 bytes
 * }</pre>
 */
public final class IommuVeventqAlloc {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 32;

    /** The least {@code size} the kernel accepts; what lies beyond came with later versions or is optional. */
    public static final int MIN_SIZE = 28;

    public static final int SIZE_OFFSET = 0;
    public static final int FLAGS_OFFSET = 4;
    public static final int VIOMMU_ID_OFFSET = 8;
    public static final int TYPE_OFFSET = 12;
    public static final int VEVENTQ_DEPTH_OFFSET = 16;
    public static final int OUT_VEVENTQ_ID_OFFSET = 20;
    public static final int OUT_VEVENTQ_FD_OFFSET = 24;
    public static final int RESERVED_OFFSET = 28;

    private IommuVeventqAlloc() {}

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

    public static int viommuId(MemorySegment struct) {
        return struct.get(U32, VIOMMU_ID_OFFSET);
    }

    public static void viommuId(MemorySegment struct, int value) {
        struct.set(U32, VIOMMU_ID_OFFSET, value);
    }

    public static int type(MemorySegment struct) {
        return struct.get(U32, TYPE_OFFSET);
    }

    public static void type(MemorySegment struct, int value) {
        struct.set(U32, TYPE_OFFSET, value);
    }

    public static int veventqDepth(MemorySegment struct) {
        return struct.get(U32, VEVENTQ_DEPTH_OFFSET);
    }

    public static void veventqDepth(MemorySegment struct, int value) {
        struct.set(U32, VEVENTQ_DEPTH_OFFSET, value);
    }

    public static int outVeventqId(MemorySegment struct) {
        return struct.get(U32, OUT_VEVENTQ_ID_OFFSET);
    }

    public static void outVeventqId(MemorySegment struct, int value) {
        struct.set(U32, OUT_VEVENTQ_ID_OFFSET, value);
    }

    public static int outVeventqFd(MemorySegment struct) {
        return struct.get(U32, OUT_VEVENTQ_FD_OFFSET);
    }

    public static void outVeventqFd(MemorySegment struct, int value) {
        struct.set(U32, OUT_VEVENTQ_FD_OFFSET, value);
    }

    public static int reserved(MemorySegment struct) {
        return struct.get(U32, RESERVED_OFFSET);
    }

    public static void reserved(MemorySegment struct, int value) {
        struct.set(U32, RESERVED_OFFSET, value);
    }
}
