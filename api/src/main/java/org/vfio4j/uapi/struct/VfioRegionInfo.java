// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;
import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * Where one region of a device lies in the device file and what may be done with it.
 *
 * <p>Argument of {@link org.vfio4j.uapi.VfioIoctl#VFIO_DEVICE_GET_REGION_INFO}.
 *
 * <pre>{@code
 * struct vfio_region_info {
 *     __u32 argsz;       //  0  bytes the caller offers
 *     __u32 flags;       //  4  VFIO_REGION_INFO_FLAG_*
 *     __u32 index;       //  8  in: which region
 *     __u32 cap_offset;  // 12  first capability, from the start of the struct; 0 if there is none
 *     __u64 size;        // 16  bytes; 0 if the region is not there
 *     __u64 offset;      // 24  of the region in the device file
 * };                     // 32 bytes
 * }</pre>
 */
public final class VfioRegionInfo {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 32;

    /** The least {@code argsz} the kernel accepts. */
    public static final int MIN_ARGSZ = 32;

    public static final int ARGSZ_OFFSET = 0;
    public static final int FLAGS_OFFSET = 4;
    public static final int INDEX_OFFSET = 8;
    public static final int CAP_OFFSET_OFFSET = 12;
    public static final int SIZE_OFFSET = 16;
    public static final int OFFSET_OFFSET = 24;

    private VfioRegionInfo() {}

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

    public static int index(MemorySegment struct) {
        return struct.get(U32, INDEX_OFFSET);
    }

    public static void index(MemorySegment struct, int value) {
        struct.set(U32, INDEX_OFFSET, value);
    }

    public static int capOffset(MemorySegment struct) {
        return struct.get(U32, CAP_OFFSET_OFFSET);
    }

    public static void capOffset(MemorySegment struct, int value) {
        struct.set(U32, CAP_OFFSET_OFFSET, value);
    }

    public static long size(MemorySegment struct) {
        return struct.get(U64, SIZE_OFFSET);
    }

    public static void size(MemorySegment struct, long value) {
        struct.set(U64, SIZE_OFFSET, value);
    }

    public static long offset(MemorySegment struct) {
        return struct.get(U64, OFFSET_OFFSET);
    }

    public static void offset(MemorySegment struct, long value) {
        struct.set(U64, OFFSET_OFFSET, value);
    }
}
