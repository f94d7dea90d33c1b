// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;
import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * Reports the pages written through a page table.
 *
 * <p>Argument of {@link org.vfio4j.uapi.IommufdIoctl#IOMMU_HWPT_GET_DIRTY_BITMAP}.
 *
 * <pre>{@code
 * struct iommu_hwpt_get_dirty_bitmap {
 *     __u32 size;        //  0  bytes the caller offers
 *     __u32 hwpt_id;     //  4
 *     __u32 flags;       //  8  IOMMU_HWPT_GET_DIRTY_BITMAP_*
 *     __u32 __reserved;  // 12
 *     __u64 iova;        // 16
 *     __u64 length;      // 24  bytes
 *     __u64 page_size;   // 32  bytes per bit
 *     __u64 data;        // 40  address of the u64 words
 * };                     // 48 bytes
 * }</pre>
 */
public final class IommuHwptGetDirtyBitmap {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 48;

    /** The least {@code size} the kernel accepts. */
    public static final int MIN_SIZE = 48;

    public static final int SIZE_OFFSET = 0;
    public static final int HWPT_ID_OFFSET = 4;
    public static final int FLAGS_OFFSET = 8;
    public static final int RESERVED_OFFSET = 12;
    public static final int IOVA_OFFSET = 16;
    public static final int LENGTH_OFFSET = 24;
    public static final int PAGE_SIZE_OFFSET = 32;
    public static final int DATA_OFFSET = 40;

    private IommuHwptGetDirtyBitmap() {}

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

    public static long iova(MemorySegment struct) {
        return struct.get(U64, IOVA_OFFSET);
    }

    public static void iova(MemorySegment struct, long value) {
        struct.set(U64, IOVA_OFFSET, value);
    }

    public static long length(MemorySegment struct) {
        return struct.get(U64, LENGTH_OFFSET);
    }

    public static void length(MemorySegment struct, long value) {
        struct.set(U64, LENGTH_OFFSET, value);
    }

    public static long pageSize(MemorySegment struct) {
        return struct.get(U64, PAGE_SIZE_OFFSET);
    }

    public static void pageSize(MemorySegment struct, long value) {
        struct.set(U64, PAGE_SIZE_OFFSET, value);
    }

    public static long data(MemorySegment struct) {
        return struct.get(U64, DATA_OFFSET);
    }

    public static void data(MemorySegment struct, long value) {
        struct.set(U64, DATA_OFFSET, value);
    }
}
