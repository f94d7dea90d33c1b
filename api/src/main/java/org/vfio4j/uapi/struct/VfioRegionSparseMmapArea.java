// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * One part of a region that may be mapped.
 *
 * <pre>{@code
 * struct vfio_region_sparse_mmap_area {
 *     __u64 offset;  //  0  bytes from the start of the region
 *     __u64 size;    //  8  bytes
 * };                 // 16 bytes
 * }</pre>
 */
public final class VfioRegionSparseMmapArea {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 16;

    public static final int OFFSET_OFFSET = 0;
    public static final int SIZE_OFFSET = 8;

    private VfioRegionSparseMmapArea() {}

    public static long offset(MemorySegment struct) {
        return struct.get(U64, OFFSET_OFFSET);
    }

    public static void offset(MemorySegment struct, long value) {
        struct.set(U64, OFFSET_OFFSET, value);
    }

    public static long size(MemorySegment struct) {
        return struct.get(U64, SIZE_OFFSET);
    }

    public static void size(MemorySegment struct, long value) {
        struct.set(U64, SIZE_OFFSET, value);
    }
}
