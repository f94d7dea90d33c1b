// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;

import java.lang.foreign.MemorySegment;

/**
 * type1 capability: the IOVA ranges that may be mapped, ascending.
 *
 * <pre>{@code
 * struct vfio_iommu_type1_info_cap_iova_range {
 *     struct vfio_info_cap_header header;    //  0
 *     __u32 nr_iovas;                        //  8
 *     __u32 reserved;                        // 12
 *     struct vfio_iova_range iova_ranges[];  // 16
 * };                                         // 16 bytes
 * }</pre>
 */
public final class VfioIommuType1InfoCapIovaRange {
    /** {@code sizeof}, in bytes, without the array at the end. */
    public static final int SIZEOF = 16;

    public static final int HEADER_OFFSET = 0;
    public static final int NR_IOVAS_OFFSET = 8;
    public static final int RESERVED_OFFSET = 12;
    public static final int IOVA_RANGES_OFFSET = 16;

    private VfioIommuType1InfoCapIovaRange() {}

    /** A view of the nested {@link VfioInfoCapHeader}. */
    public static MemorySegment header(MemorySegment struct) {
        return struct.asSlice(HEADER_OFFSET, VfioInfoCapHeader.SIZEOF);
    }

    public static int nrIovas(MemorySegment struct) {
        return struct.get(U32, NR_IOVAS_OFFSET);
    }

    public static void nrIovas(MemorySegment struct, int value) {
        struct.set(U32, NR_IOVAS_OFFSET, value);
    }

    public static int reserved(MemorySegment struct) {
        return struct.get(U32, RESERVED_OFFSET);
    }

    public static void reserved(MemorySegment struct, int value) {
        struct.set(U32, RESERVED_OFFSET, value);
    }

    /** A view of one element of the array at the end. */
    public static MemorySegment iovaRanges(MemorySegment struct, int index) {
        return struct.asSlice(IOVA_RANGES_OFFSET + (long) index * VfioIovaRange.SIZEOF, VfioIovaRange.SIZEOF);
    }
}
