// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;
import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * Makes a hardware page table (HWPT).
 *
 * <p>Argument of {@link org.vfio4j.uapi.IommufdIoctl#IOMMU_HWPT_ALLOC}.
 *
 * <pre>{@code
 * struct iommu_hwpt_alloc {
 *     __u32 size;         //  0  bytes the caller offers
 *     __u32 flags;        //  4  IOMMU_HWPT_ALLOC_*, IOMMU_HWPT_FAULT_ID_VALID
 *     __u32 dev_id;       //  8  the device it shall fit
 *     __u32 pt_id;        // 12  IOAS, parent HWPT or vIOMMU
 *     __u32 out_hwpt_id;  // 16
 *     __u32 __reserved;   // 20
 *     __u32 data_type;    // 24  IOMMU_HWPT_DATA_*
 *     __u32 data_len;     // 28  bytes at data_uptr
 *     __u64 data_uptr;    // 32  address
 *     __u32 fault_id;     // 40  if FAULT_ID_VALID
 *     __u32 __reserved2;  // 44
 * };                      // 48 bytes
 * }</pre>
 */
public final class IommuHwptAlloc {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 48;

    /** The least {@code size} the kernel accepts; what lies beyond came with later versions or is optional. */
    public static final int MIN_SIZE = 24;

    public static final int SIZE_OFFSET = 0;
    public static final int FLAGS_OFFSET = 4;
    public static final int DEV_ID_OFFSET = 8;
    public static final int PT_ID_OFFSET = 12;
    public static final int OUT_HWPT_ID_OFFSET = 16;
    public static final int RESERVED_OFFSET = 20;
    public static final int DATA_TYPE_OFFSET = 24;
    public static final int DATA_LEN_OFFSET = 28;
    public static final int DATA_UPTR_OFFSET = 32;
    public static final int FAULT_ID_OFFSET = 40;
    public static final int RESERVED2_OFFSET = 44;

    private IommuHwptAlloc() {}

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

    public static int devId(MemorySegment struct) {
        return struct.get(U32, DEV_ID_OFFSET);
    }

    public static void devId(MemorySegment struct, int value) {
        struct.set(U32, DEV_ID_OFFSET, value);
    }

    public static int ptId(MemorySegment struct) {
        return struct.get(U32, PT_ID_OFFSET);
    }

    public static void ptId(MemorySegment struct, int value) {
        struct.set(U32, PT_ID_OFFSET, value);
    }

    public static int outHwptId(MemorySegment struct) {
        return struct.get(U32, OUT_HWPT_ID_OFFSET);
    }

    public static void outHwptId(MemorySegment struct, int value) {
        struct.set(U32, OUT_HWPT_ID_OFFSET, value);
    }

    public static int reserved(MemorySegment struct) {
        return struct.get(U32, RESERVED_OFFSET);
    }

    public static void reserved(MemorySegment struct, int value) {
        struct.set(U32, RESERVED_OFFSET, value);
    }

    public static int dataType(MemorySegment struct) {
        return struct.get(U32, DATA_TYPE_OFFSET);
    }

    public static void dataType(MemorySegment struct, int value) {
        struct.set(U32, DATA_TYPE_OFFSET, value);
    }

    public static int dataLen(MemorySegment struct) {
        return struct.get(U32, DATA_LEN_OFFSET);
    }

    public static void dataLen(MemorySegment struct, int value) {
        struct.set(U32, DATA_LEN_OFFSET, value);
    }

    public static long dataUptr(MemorySegment struct) {
        return struct.get(U64, DATA_UPTR_OFFSET);
    }

    public static void dataUptr(MemorySegment struct, long value) {
        struct.set(U64, DATA_UPTR_OFFSET, value);
    }

    public static int faultId(MemorySegment struct) {
        return struct.get(U32, FAULT_ID_OFFSET);
    }

    public static void faultId(MemorySegment struct, int value) {
        struct.set(U32, FAULT_ID_OFFSET, value);
    }

    public static int reserved2(MemorySegment struct) {
        return struct.get(U32, RESERVED2_OFFSET);
    }

    public static void reserved2(MemorySegment struct, int value) {
        struct.set(U32, RESERVED2_OFFSET, value);
    }
}
