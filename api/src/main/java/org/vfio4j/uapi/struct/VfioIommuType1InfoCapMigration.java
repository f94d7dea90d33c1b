// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;
import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * type1 capability: how dirty pages are tracked.
 *
 * <pre>{@code
 * struct vfio_iommu_type1_info_cap_migration {
 *     struct vfio_info_cap_header header;  //  0
 *     __u32 flags;                         //  8  none defined
 *                                          // 12  4 bytes of padding
 *     __u64 pgsize_bitmap;                 // 16  page sizes of dirty bitmaps
 *     __u64 max_dirty_bitmap_size;         // 24  bytes
 * };                                       // 32 bytes
 * }</pre>
 */
public final class VfioIommuType1InfoCapMigration {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 32;

    public static final int HEADER_OFFSET = 0;
    public static final int FLAGS_OFFSET = 8;
    public static final int PGSIZE_BITMAP_OFFSET = 16;
    public static final int MAX_DIRTY_BITMAP_SIZE_OFFSET = 24;

    private VfioIommuType1InfoCapMigration() {}

    /** A view of the nested {@link VfioInfoCapHeader}. */
    public static MemorySegment header(MemorySegment struct) {
        return struct.asSlice(HEADER_OFFSET, VfioInfoCapHeader.SIZEOF);
    }

    public static int flags(MemorySegment struct) {
        return struct.get(U32, FLAGS_OFFSET);
    }

    public static void flags(MemorySegment struct, int value) {
        struct.set(U32, FLAGS_OFFSET, value);
    }

    public static long pgsizeBitmap(MemorySegment struct) {
        return struct.get(U64, PGSIZE_BITMAP_OFFSET);
    }

    public static void pgsizeBitmap(MemorySegment struct, long value) {
        struct.set(U64, PGSIZE_BITMAP_OFFSET, value);
    }

    public static long maxDirtyBitmapSize(MemorySegment struct) {
        return struct.get(U64, MAX_DIRTY_BITMAP_SIZE_OFFSET);
    }

    public static void maxDirtyBitmapSize(MemorySegment struct, long value) {
        struct.set(U64, MAX_DIRTY_BITMAP_SIZE_OFFSET, value);
    }
}
