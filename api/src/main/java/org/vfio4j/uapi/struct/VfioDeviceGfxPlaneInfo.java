// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;
import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * The picture a device's display plane shows at the moment.
 *
 * <p>Argument of {@link org.vfio4j.uapi.VfioIoctl#VFIO_DEVICE_QUERY_GFX_PLANE}.
 *
 * <pre>{@code
 * struct vfio_device_gfx_plane_info {
 *     __u32 argsz;             //  0  bytes the caller offers
 *     __u32 flags;             //  4  VFIO_GFX_PLANE_TYPE_*
 *     __u32 drm_plane_type;    //  8  in: DRM plane type
 *     __u32 drm_format;        // 12  DRM fourcc
 *     __u64 drm_format_mod;    // 16
 *     __u32 width;             // 24  pixels
 *     __u32 height;            // 28  pixels
 *     __u32 stride;            // 32  bytes per line
 *     __u32 size;              // 36  bytes
 *     __u32 x_pos;             // 40
 *     __u32 y_pos;             // 44
 *     __u32 x_hot;             // 48
 *     __u32 y_hot;             // 52
 *     union {
 *         __u32 region_index;  // 56  type REGION
 *         __u32 dmabuf_id;     // 56  type DMABUF
 *     };
 *     __u32 reserved;          // 60
 * };                           // 64 bytes
 * }</pre>
 */
public final class VfioDeviceGfxPlaneInfo {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 64;

    /** The least {@code argsz} the kernel accepts; what lies beyond came with later versions or is optional. */
    public static final int MIN_ARGSZ = 60;

    public static final int ARGSZ_OFFSET = 0;
    public static final int FLAGS_OFFSET = 4;
    public static final int DRM_PLANE_TYPE_OFFSET = 8;
    public static final int DRM_FORMAT_OFFSET = 12;
    public static final int DRM_FORMAT_MOD_OFFSET = 16;
    public static final int WIDTH_OFFSET = 24;
    public static final int HEIGHT_OFFSET = 28;
    public static final int STRIDE_OFFSET = 32;
    public static final int SIZE_OFFSET = 36;
    public static final int X_POS_OFFSET = 40;
    public static final int Y_POS_OFFSET = 44;
    public static final int X_HOT_OFFSET = 48;
    public static final int Y_HOT_OFFSET = 52;
    public static final int REGION_INDEX_OFFSET = 56;
    public static final int DMABUF_ID_OFFSET = 56;
    public static final int RESERVED_OFFSET = 60;

    private VfioDeviceGfxPlaneInfo() {}

    public static int argsz(MemorySegment struct) {
        return struct.get(U32, ARGSZ_OFFSET);
    }

    public static void argsz(MemorySegment struct, int value) {
        struct.set(U32, ARGSZ_OFFSET, value);
    }

    public static int flags(MemorySegment struct) {
        return struct.get(U32, FLAGS_OFFSET);
    }

    public static void flags(MemorySegment struct, int value) {
        struct.set(U32, FLAGS_OFFSET, value);
    }

    public static int drmPlaneType(MemorySegment struct) {
        return struct.get(U32, DRM_PLANE_TYPE_OFFSET);
    }

    public static void drmPlaneType(MemorySegment struct, int value) {
        struct.set(U32, DRM_PLANE_TYPE_OFFSET, value);
    }

    public static int drmFormat(MemorySegment struct) {
        return struct.get(U32, DRM_FORMAT_OFFSET);
    }

    public static void drmFormat(MemorySegment struct, int value) {
        struct.set(U32, DRM_FORMAT_OFFSET, value);
    }

    public static long drmFormatMod(MemorySegment struct) {
        return struct.get(U64, DRM_FORMAT_MOD_OFFSET);
    }

    public static void drmFormatMod(MemorySegment struct, long value) {
        struct.set(U64, DRM_FORMAT_MOD_OFFSET, value);
    }

    public static int width(MemorySegment struct) {
        return struct.get(U32, WIDTH_OFFSET);
    }

    public static void width(MemorySegment struct, int value) {
        struct.set(U32, WIDTH_OFFSET, value);
    }

    public static int height(MemorySegment struct) {
        return struct.get(U32, HEIGHT_OFFSET);
    }

    public static void height(MemorySegment struct, int value) {
        struct.set(U32, HEIGHT_OFFSET, value);
    }

    public static int stride(MemorySegment struct) {
        return struct.get(U32, STRIDE_OFFSET);
    }

    public static void stride(MemorySegment struct, int value) {
        struct.set(U32, STRIDE_OFFSET, value);
    }

    public static int size(MemorySegment struct) {
        return struct.get(U32, SIZE_OFFSET);
    }

    public static void size(MemorySegment struct, int value) {
        struct.set(U32, SIZE_OFFSET, value);
    }

    public static int xPos(MemorySegment struct) {
        return struct.get(U32, X_POS_OFFSET);
    }

    public static void xPos(MemorySegment struct, int value) {
        struct.set(U32, X_POS_OFFSET, value);
    }

    public static int yPos(MemorySegment struct) {
        return struct.get(U32, Y_POS_OFFSET);
    }

    public static void yPos(MemorySegment struct, int value) {
        struct.set(U32, Y_POS_OFFSET, value);
    }

    public static int xHot(MemorySegment struct) {
        return struct.get(U32, X_HOT_OFFSET);
    }

    public static void xHot(MemorySegment struct, int value) {
        struct.set(U32, X_HOT_OFFSET, value);
    }

    public static int yHot(MemorySegment struct) {
        return struct.get(U32, Y_HOT_OFFSET);
    }

    public static void yHot(MemorySegment struct, int value) {
        struct.set(U32, Y_HOT_OFFSET, value);
    }

    public static int regionIndex(MemorySegment struct) {
        return struct.get(U32, REGION_INDEX_OFFSET);
    }

    public static void regionIndex(MemorySegment struct, int value) {
        struct.set(U32, REGION_INDEX_OFFSET, value);
    }

    public static int dmabufId(MemorySegment struct) {
        return struct.get(U32, DMABUF_ID_OFFSET);
    }

    public static void dmabufId(MemorySegment struct, int value) {
        struct.set(U32, DMABUF_ID_OFFSET, value);
    }

    public static int reserved(MemorySegment struct) {
        return struct.get(U32, RESERVED_OFFSET);
    }

    public static void reserved(MemorySegment struct, int value) {
        struct.set(U32, RESERVED_OFFSET, value);
    }
}
