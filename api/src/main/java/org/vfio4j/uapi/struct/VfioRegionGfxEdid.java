// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;

import java.lang.foreign.MemorySegment;

/**
 * Head of the region through which a display's EDID is set.
 *
 * <pre>{@code
 * struct vfio_region_gfx_edid {
 *     __u32 edid_offset;    //  0  where the EDID block starts in the region
 *     __u32 edid_max_size;  //  4  bytes
 *     __u32 edid_size;      //  8  bytes
 *     __u32 max_xres;       // 12  pixels
 *     __u32 max_yres;       // 16  pixels
 *     __u32 link_state;     // 20  VFIO_DEVICE_GFX_LINK_STATE_*
 * };                        // 24 bytes
 * }</pre>
 */
public final class VfioRegionGfxEdid {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 24;

    public static final int EDID_OFFSET_OFFSET = 0;
    public static final int EDID_MAX_SIZE_OFFSET = 4;
    public static final int EDID_SIZE_OFFSET = 8;
    public static final int MAX_XRES_OFFSET = 12;
    public static final int MAX_YRES_OFFSET = 16;
    public static final int LINK_STATE_OFFSET = 20;

    private VfioRegionGfxEdid() {}

    public static int edidOffset(MemorySegment struct) {
        return struct.get(U32, EDID_OFFSET_OFFSET);
    }

    public static void edidOffset(MemorySegment struct, int value) {
        struct.set(U32, EDID_OFFSET_OFFSET, value);
    }

    public static int edidMaxSize(MemorySegment struct) {
        return struct.get(U32, EDID_MAX_SIZE_OFFSET);
    }

    public static void edidMaxSize(MemorySegment struct, int value) {
        struct.set(U32, EDID_MAX_SIZE_OFFSET, value);
    }

    public static int edidSize(MemorySegment struct) {
        return struct.get(U32, EDID_SIZE_OFFSET);
    }

    public static void edidSize(MemorySegment struct, int value) {
        struct.set(U32, EDID_SIZE_OFFSET, value);
    }

    public static int maxXres(MemorySegment struct) {
        return struct.get(U32, MAX_XRES_OFFSET);
    }

    public static void maxXres(MemorySegment struct, int value) {
        struct.set(U32, MAX_XRES_OFFSET, value);
    }

    public static int maxYres(MemorySegment struct) {
        return struct.get(U32, MAX_YRES_OFFSET);
    }

    public static void maxYres(MemorySegment struct, int value) {
        struct.set(U32, MAX_YRES_OFFSET, value);
    }

    public static int linkState(MemorySegment struct) {
        return struct.get(U32, LINK_STATE_OFFSET);
    }

    public static void linkState(MemorySegment struct, int value) {
        struct.set(U32, LINK_STATE_OFFSET, value);
    }
}
