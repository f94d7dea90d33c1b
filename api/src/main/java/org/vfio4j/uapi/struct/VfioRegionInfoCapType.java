// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;

import java.lang.foreign.MemorySegment;

/**
 * Region capability: the meaning of a device-specific region.
 *
 * <pre>{@code
 * struct vfio_region_info_cap_type {
 *     struct vfio_info_cap_header header;  //  0
 *     __u32 type;                          //  8  VFIO_REGION_TYPE_*
 *     __u32 subtype;                       // 12  VFIO_REGION_SUBTYPE_*
 * };                                       // 16 bytes
 * }</pre>
 */
public final class VfioRegionInfoCapType {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 16;

    public static final int HEADER_OFFSET = 0;
    public static final int TYPE_OFFSET = 8;
    public static final int SUBTYPE_OFFSET = 12;

    private VfioRegionInfoCapType() {}

    /** A view of the nested {@link VfioInfoCapHeader}. */
    public static MemorySegment header(MemorySegment struct) {
        return struct.asSlice(HEADER_OFFSET, VfioInfoCapHeader.SIZEOF);
    }

    public static int type(MemorySegment struct) {
        return struct.get(U32, TYPE_OFFSET);
    }

    public static void type(MemorySegment struct, int value) {
        struct.set(U32, TYPE_OFFSET, value);
    }

    public static int subtype(MemorySegment struct) {
        return struct.get(U32, SUBTYPE_OFFSET);
    }

    public static void subtype(MemorySegment struct, int value) {
        struct.set(U32, SUBTYPE_OFFSET, value);
    }
}
