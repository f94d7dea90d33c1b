// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;

import java.lang.foreign.MemorySegment;

/**
 * Region capability: only these parts of the region may be mapped.
 *
 * <pre>{@code
 * struct vfio_region_info_cap_sparse_mmap {
 *     struct vfio_info_cap_header header;           //  0
 *     __u32 nr_areas;                               //  8
 *     __u32 reserved;                               // 12
 *     struct vfio_region_sparse_mmap_area areas[];  // 16
 * };                                                // 16 bytes
 * }</pre>
 */
public final class VfioRegionInfoCapSparseMmap {
    /** {@code sizeof}, in bytes, without the array at the end. */
    public static final int SIZEOF = 16;

    public static final int HEADER_OFFSET = 0;
    public static final int NR_AREAS_OFFSET = 8;
    public static final int RESERVED_OFFSET = 12;
    public static final int AREAS_OFFSET = 16;

    private VfioRegionInfoCapSparseMmap() {}

    /** A view of the nested {@link VfioInfoCapHeader}. */
    public static MemorySegment header(MemorySegment struct) {
        return struct.asSlice(HEADER_OFFSET, VfioInfoCapHeader.SIZEOF);
    }

    public static int nrAreas(MemorySegment struct) {
        return struct.get(U32, NR_AREAS_OFFSET);
    }

    public static void nrAreas(MemorySegment struct, int value) {
        struct.set(U32, NR_AREAS_OFFSET, value);
    }

    public static int reserved(MemorySegment struct) {
        return struct.get(U32, RESERVED_OFFSET);
    }

    public static void reserved(MemorySegment struct, int value) {
        struct.set(U32, RESERVED_OFFSET, value);
    }

    /** A view of one element of the array at the end. */
    public static MemorySegment areas(MemorySegment struct, int index) {
        return struct.asSlice(
                AREAS_OFFSET + (long) index * VfioRegionSparseMmapArea.SIZEOF, VfioRegionSparseMmapArea.SIZEOF);
    }
}
