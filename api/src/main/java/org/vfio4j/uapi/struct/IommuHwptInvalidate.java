// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;
import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * Tells the hardware that a guest's page table has changed.
 *
 * <p>Argument of {@link org.vfio4j.uapi.IommufdIoctl#IOMMU_HWPT_INVALIDATE}.
 *
 * <pre>{@code
 * struct iommu_hwpt_invalidate {
 *     __u32 size;        //  0  bytes the caller offers
 *     __u32 hwpt_id;     //  4  HWPT or vIOMMU
 *     __u64 data_uptr;   //  8  address
 *     __u32 data_type;   // 16  IOMMU_HWPT_INVALIDATE_DATA_*
 *     __u32 entry_len;   // 20  bytes
 *     __u32 entry_num;   // 24  in: entries; out: entries done
 *     __u32 __reserved;  // 28
 * };                     // 32 bytes
 * }</pre>
 */
public final class IommuHwptInvalidate {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 32;

    /** The least {@code size} the kernel accepts. */
    public static final int MIN_SIZE = 32;

    public static final int SIZE_OFFSET = 0;
    public static final int HWPT_ID_OFFSET = 4;
    public static final int DATA_UPTR_OFFSET = 8;
    public static final int DATA_TYPE_OFFSET = 16;
    public static final int ENTRY_LEN_OFFSET = 20;
    public static final int ENTRY_NUM_OFFSET = 24;
    public static final int RESERVED_OFFSET = 28;

    private IommuHwptInvalidate() {}

    public static int size(MemorySegment struct) {
        return struct.get(U32, SIZE_OFFSET);
    }

    public static void size(MemorySegment struct, int value) {
        struct.set(U32, SIZE_OFFSET, value);
    }

    public static int hwptId(MemorySegment struct) {
        return struct.get(U32, HWPT_ID_OFFSET);
    }

    public static void hwptId(MemorySegment struct, int value) {
        struct.set(U32, HWPT_ID_OFFSET, value);
    }

    public static long dataUptr(MemorySegment struct) {
        return struct.get(U64, DATA_UPTR_OFFSET);
    }

    public static void dataUptr(MemorySegment struct, long value) {
        struct.set(U64, DATA_UPTR_OFFSET, value);
    }

    public static int dataType(MemorySegment struct) {
        return struct.get(U32, DATA_TYPE_OFFSET);
    }

    public static void dataType(MemorySegment struct, int value) {
        struct.set(U32, DATA_TYPE_OFFSET, value);
    }

    public static int entryLen(MemorySegment struct) {
        return struct.get(U32, ENTRY_LEN_OFFSET);
    }

    public static void entryLen(MemorySegment struct, int value) {
        struct.set(U32, ENTRY_LEN_OFFSET, value);
    }

    public static int entryNum(MemorySegment struct) {
        return struct.get(U32, ENTRY_NUM_OFFSET);
    }

    public static void entryNum(MemorySegment struct, int value) {
        struct.set(U32, ENTRY_NUM_OFFSET, value);
    }

    public static int reserved(MemorySegment struct) {
        return struct.get(U32, RESERVED_OFFSET);
    }

    public static void reserved(MemorySegment struct, int value) {
        struct.set(U32, RESERVED_OFFSET, value);
    }
}
