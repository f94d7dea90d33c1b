// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;

import java.lang.foreign.MemorySegment;

/**
 * type1 capability: how many more mappings fit.
 *
 * <pre>{@code
 * struct vfio_iommu_type1_info_dma_avail {
 *     struct vfio_info_cap_header header;  //  0
 *     __u32 avail;                         //  8  mappings
 * };                                       // 12 bytes
 * }</pre>
 */
public final class VfioIommuType1InfoDmaAvail {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 12;

    public static final int HEADER_OFFSET = 0;
    public static final int AVAIL_OFFSET = 8;

    private VfioIommuType1InfoDmaAvail() {}

    /** A view of the nested {@link VfioInfoCapHeader}. */
    public static MemorySegment header(MemorySegment struct) {
        return struct.asSlice(HEADER_OFFSET, VfioInfoCapHeader.SIZEOF);
    }

    public static int avail(MemorySegment struct) {
        return struct.get(U32, AVAIL_OFFSET);
    }

    public static void avail(MemorySegment struct, int value) {
        struct.set(U32, AVAIL_OFFSET, value);
    }
}
