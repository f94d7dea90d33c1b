// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * Region capability of withdrawn NVLink2 support: the target address.
 *
 * <pre>{@code
 * struct vfio_region_info_cap_nvlink2_ssatgt {
 *     struct vfio_info_cap_header header;  //  0
 *     __u64 tgt;                           //  8
 * };                                       // 16 bytes
 * }</pre>
 */
public final class VfioRegionInfoCapNvlink2Ssatgt {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 16;

    public static final int HEADER_OFFSET = 0;
    public static final int TGT_OFFSET = 8;

    private VfioRegionInfoCapNvlink2Ssatgt() {}

    /** A view of the nested {@link VfioInfoCapHeader}. */
    public static MemorySegment header(MemorySegment struct) {
        return struct.asSlice(HEADER_OFFSET, VfioInfoCapHeader.SIZEOF);
    }

    public static long tgt(MemorySegment struct) {
        return struct.get(U64, TGT_OFFSET);
    }

    public static void tgt(MemorySegment struct, long value) {
        struct.set(U64, TGT_OFFSET, value);
    }
}
