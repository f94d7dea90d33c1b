// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * Which range's dirty pages to report, and where to.
 *
 * <pre>{@code
 * struct vfio_iommu_type1_dirty_bitmap_get {
 *     __u64 iova;                 //  0  first IOVA
 *     __u64 size;                 //  8  bytes
 *     struct vfio_bitmap bitmap;  // 16
 * };                              // 40 bytes
 * }</pre>
 */
public final class VfioIommuType1DirtyBitmapGet {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 40;

    public static final int IOVA_OFFSET = 0;
    public static final int SIZE_OFFSET = 8;
    public static final int BITMAP_OFFSET = 16;

    private VfioIommuType1DirtyBitmapGet() {}

    public static long iova(MemorySegment struct) {
        return struct.get(U64, IOVA_OFFSET);
    }

    public static void iova(MemorySegment struct, long value) {
        struct.set(U64, IOVA_OFFSET, value);
    }

    public static long size(MemorySegment struct) {
        return struct.get(U64, SIZE_OFFSET);
    }

    public static void size(MemorySegment struct, long value) {
        struct.set(U64, SIZE_OFFSET, value);
    }

    /** A view of the nested {@link VfioBitmap}. */
    public static MemorySegment bitmap(MemorySegment struct) {
        return struct.asSlice(BITMAP_OFFSET, VfioBitmap.SIZEOF);
    }
}
