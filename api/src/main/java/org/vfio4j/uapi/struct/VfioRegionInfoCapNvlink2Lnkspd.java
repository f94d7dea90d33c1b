// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;

import java.lang.foreign.MemorySegment;

/**
 * Region capability of withdrawn NVLink2 support: the link speed.
 *
 * <pre>{@code
 * struct vfio_region_info_cap_nvlink2_lnkspd {
 *     struct vfio_info_cap_header header;  //  0
 *     __u32 link_speed;                    //  8
 *     __u32 __pad;                         // 12
 * };                                       // 16 bytes
 * }</pre>
 */
public final class VfioRegionInfoCapNvlink2Lnkspd {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 16;

    public static final int HEADER_OFFSET = 0;
    public static final int LINK_SPEED_OFFSET = 8;
    public static final int PAD_OFFSET = 12;

    private VfioRegionInfoCapNvlink2Lnkspd() {}

    /** A view of the nested {@link VfioInfoCapHeader}. */
    public static MemorySegment header(MemorySegment struct) {
        return struct.asSlice(HEADER_OFFSET, VfioInfoCapHeader.SIZEOF);
    }

    public static int linkSpeed(MemorySegment struct) {
        return struct.get(U32, LINK_SPEED_OFFSET);
    }

    public static void linkSpeed(MemorySegment struct, int value) {
        struct.set(U32, LINK_SPEED_OFFSET, value);
    }

    public static int pad(MemorySegment struct) {
        return struct.get(U32, PAD_OFFSET);
    }

    public static void pad(MemorySegment struct, int value) {
        struct.set(U32, PAD_OFFSET, value);
    }
}
