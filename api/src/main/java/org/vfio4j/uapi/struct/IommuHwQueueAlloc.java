// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;
import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * Makes a hardware queue of a virtual IOMMU.
 *
 * <p>Argument of {@link org.vfio4j.uapi.IommufdIoctl#IOMMU_HW_QUEUE_ALLOC}.
 *
 * <pre>{@code
 * struct iommu_hw_queue_alloc {
 *     __u32 size;                 //  0  bytes the caller offers
 *     __u32 flags;                //  4  none defined
 *     __u32 viommu_id;            //  8
 *     __u32 type;                 // 12  IOMMU_HW_QUEUE_TYPE_*
 *     __u32 index;                // 16
 *     __u32 out_hw_queue_id;      // 20
 *     __u64 nesting_parent_iova;  // 24
 *     __u64 length;               // 32  bytes
 * };                              // 40 bytes
 * }</pre>
 */
public final class IommuHwQueueAlloc {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 40;

    /** The least {@code size} the kernel accepts. */
    public static final int MIN_SIZE = 40;

    public static final int SIZE_OFFSET = 0;
    public static final int FLAGS_OFFSET = 4;
    public static final int VIOMMU_ID_OFFSET = 8;
    public static final int TYPE_OFFSET = 12;
    public static final int INDEX_OFFSET = 16;
    public static final int OUT_HW_QUEUE_ID_OFFSET = 20;
    public static final int NESTING_PARENT_IOVA_OFFSET = 24;
    public static final int LENGTH_OFFSET = 32;

    private IommuHwQueueAlloc() {}

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

    public static int index(MemorySegment struct) {
        return struct.get(U32, INDEX_OFFSET);
    }

    public static void index(MemorySegment struct, int value) {
        struct.set(U32, INDEX_OFFSET, value);
    }

    public static int outHwQueueId(MemorySegment struct) {
        return struct.get(U32, OUT_HW_QUEUE_ID_OFFSET);
    }

    public static void outHwQueueId(MemorySegment struct, int value) {
        struct.set(U32, OUT_HW_QUEUE_ID_OFFSET, value);
    }

    public static long nestingParentIova(MemorySegment struct) {
        return struct.get(U64, NESTING_PARENT_IOVA_OFFSET);
    }

    public static void nestingParentIova(MemorySegment struct, long value) {
        struct.set(U64, NESTING_PARENT_IOVA_OFFSET, value);
    }

    public static long length(MemorySegment struct) {
        return struct.get(U64, LENGTH_OFFSET);
    }

    public static void length(MemorySegment struct, long value) {
        struct.set(U64, LENGTH_OFFSET, value);
    }
}
