// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.S32;
import static org.vfio4j.uapi.struct.UapiLayouts.U32;
import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * Ties an eventfd to a write of one value at one place of a region.
 *
 * <p>Argument of {@link org.vfio4j.uapi.VfioIoctl#VFIO_DEVICE_IOEVENTFD}.
 *
 * <pre>{@code
 * struct vfio_device_ioeventfd {
 *     __u32 argsz;     //  0  bytes the caller offers
 *     __u32 flags;     //  4  the width, VFIO_DEVICE_IOEVENTFD_*
 *     __u64 offset;    //  8  in the device file
 *     __u64 data;      // 16  the value that triggers
 *     __s32 fd;        // 24  eventfd, or -1 to remove
 *     __u32 reserved;  // 28
 * };                   // 32 bytes
 * }</pre>
 */
public final class VfioDeviceIoeventfd {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 32;

    /** The least {@code argsz} the kernel accepts; what lies beyond came with later versions or is optional. */
    public static final int MIN_ARGSZ = 28;

    public static final int ARGSZ_OFFSET = 0;
    public static final int FLAGS_OFFSET = 4;
    public static final int OFFSET_OFFSET = 8;
    public static final int DATA_OFFSET = 16;
    public static final int FD_OFFSET = 24;
    public static final int RESERVED_OFFSET = 28;

    private VfioDeviceIoeventfd() {}

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

    public static long offset(MemorySegment struct) {
        return struct.get(U64, OFFSET_OFFSET);
    }

    public static void offset(MemorySegment struct, long value) {
        struct.set(U64, OFFSET_OFFSET, value);
    }

    public static long data(MemorySegment struct) {
        return struct.get(U64, DATA_OFFSET);
    }

    public static void data(MemorySegment struct, long value) {
        struct.set(U64, DATA_OFFSET, value);
    }

    public static int fd(MemorySegment struct) {
        return struct.get(S32, FD_OFFSET);
    }

    public static void fd(MemorySegment struct, int value) {
        struct.set(S32, FD_OFFSET, value);
    }

    public static int reserved(MemorySegment struct) {
        return struct.get(U32, RESERVED_OFFSET);
    }

    public static void reserved(MemorySegment struct, int value) {
        struct.set(U32, RESERVED_OFFSET, value);
    }
}
