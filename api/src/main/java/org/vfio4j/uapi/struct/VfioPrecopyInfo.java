// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;
import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * How much migration data is still to be read while the device runs.
 *
 * <p>Argument of {@link org.vfio4j.uapi.VfioIoctl#VFIO_MIG_GET_PRECOPY_INFO}.
 *
 * <pre>{@code
 * struct vfio_precopy_info {
 *     __u32 argsz;          //  0  bytes the caller offers
 *     __u32 flags;          //  4  out: VFIO_PRECOPY_INFO_REINIT
 *     __u64 initial_bytes;  //  8  of the first pass
 *     __u64 dirty_bytes;    // 16  changed since
 * };                        // 24 bytes
 * }</pre>
 */
public final class VfioPrecopyInfo {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 24;

    /** The least {@code argsz} the kernel accepts. */
    public static final int MIN_ARGSZ = 24;

    public static final int ARGSZ_OFFSET = 0;
    public static final int FLAGS_OFFSET = 4;
    public static final int INITIAL_BYTES_OFFSET = 8;
    public static final int DIRTY_BYTES_OFFSET = 16;

    private VfioPrecopyInfo() {}

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

    public static long initialBytes(MemorySegment struct) {
        return struct.get(U64, INITIAL_BYTES_OFFSET);
    }

    public static void initialBytes(MemorySegment struct, long value) {
        struct.set(U64, INITIAL_BYTES_OFFSET, value);
    }

    public static long dirtyBytes(MemorySegment struct) {
        return struct.get(U64, DIRTY_BYTES_OFFSET);
    }

    public static void dirtyBytes(MemorySegment struct, long value) {
        struct.set(U64, DIRTY_BYTES_OFFSET, value);
    }
}
