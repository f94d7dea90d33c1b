// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;
import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * Makes a virtual IOMMU.
 *
 * <p>Argument of {@link org.vfio4j.uapi.IommufdIoctl#IOMMU_VIOMMU_ALLOC}.
 *
 * <pre>{@code
 * struct iommu_viommu_alloc {
 *     __u32 size;           //  0  bytes the caller offers
 *     __u32 flags;          //  4  none defined
 *     __u32 type;           //  8  IOMMU_VIOMMU_TYPE_*
 *     __u32 dev_id;         // 12
 *     __u32 hwpt_id;        // 16  nest parent
 *     __u32 out_viommu_id;  // 20
 *     __u32 data_len;       // 24  bytes at data_uptr
 *     __u32 __reserved;     // 28
 *     __u64 data_uptr;      // 32  address
 * };                        // 40 bytes
 * }</pre>
 */
public final class IommuViommuAlloc {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 40;

    /** The least {@code size} the kernel accepts; what lies beyond came with later versions or is optional. */
    public static final int MIN_SIZE = 24;

    public static final int SIZE_OFFSET = 0;
    public static final int FLAGS_OFFSET = 4;
    public static final int TYPE_OFFSET = 8;
    public static final int DEV_ID_OFFSET = 12;
    public static final int HWPT_ID_OFFSET = 16;
    public static final int OUT_VIOMMU_ID_OFFSET = 20;
    public static final int DATA_LEN_OFFSET = 24;
    public static final int RESERVED_OFFSET = 28;
    public static final int DATA_UPTR_OFFSET = 32;

    private IommuViommuAlloc() {}

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

    public static int type(MemorySegment struct) {
        return struct.get(U32, TYPE_OFFSET);
    }

    public static void type(MemorySegment struct, int value) {
        struct.set(U32, TYPE_OFFSET, value);
    }

    public static int devId(MemorySegment struct) {
        return struct.get(U32, DEV_ID_OFFSET);
    }

    public static void devId(MemorySegment struct, int value) {
        struct.set(U32, DEV_ID_OFFSET, value);
    }

    public static int hwptId(MemorySegment struct) {
        return struct.get(U32, HWPT_ID_OFFSET);
    }

    public static void hwptId(MemorySegment struct, int value) {
        struct.set(U32, HWPT_ID_OFFSET, value);
    }

    public static int outViommuId(MemorySegment struct) {
        return struct.get(U32, OUT_VIOMMU_ID_OFFSET);
    }

    public static void outViommuId(MemorySegment struct, int value) {
        struct.set(U32, OUT_VIOMMU_ID_OFFSET, value);
    }

    public static int dataLen(MemorySegment struct) {
        return struct.get(U32, DATA_LEN_OFFSET);
    }

    public static void dataLen(MemorySegment struct, int value) {
        struct.set(U32, DATA_LEN_OFFSET, value);
    }

    public static int reserved(MemorySegment struct) {
        return struct.get(U32, RESERVED_OFFSET);
    }

    public static void reserved(MemorySegment struct, int value) {
        struct.set(U32, RESERVED_OFFSET, value);
    }

    public static long dataUptr(MemorySegment struct) {
        return struct.get(U64, DATA_UPTR_OFFSET);
    }

    public static void dataUptr(MemorySegment struct, long value) {
        struct.set(U64, DATA_UPTR_OFFSET, value);
    }
}
