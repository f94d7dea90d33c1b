// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.S32;
import static org.vfio4j.uapi.struct.UapiLayouts.U32;
import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * Binds a parked device file to an iommufd.
 *
 * <p>Argument of {@link org.vfio4j.uapi.VfioIoctl#VFIO_DEVICE_BIND_IOMMUFD}.
 *
 * <pre>{@code
 * struct vfio_device_bind_iommufd {
 *     __u32 argsz;           //  0  bytes the caller offers
 *     __u32 flags;           //  4  VFIO_DEVICE_BIND_FLAG_TOKEN
 *     __s32 iommufd;         //  8
 *     __u32 out_devid;       // 12  id of the device object
 *     __u64 token_uuid_ptr;  // 16  address of 16 bytes
 * };                         // 24 bytes
 * }</pre>
 */
public final class VfioDeviceBindIommufd {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 24;

    /** The least {@code argsz} the kernel accepts; what lies beyond came with later versions or is optional. */
    public static final int MIN_ARGSZ = 16;

    public static final int ARGSZ_OFFSET = 0;
    public static final int FLAGS_OFFSET = 4;
    public static final int IOMMUFD_OFFSET = 8;
    public static final int OUT_DEVID_OFFSET = 12;
    public static final int TOKEN_UUID_PTR_OFFSET = 16;

    private VfioDeviceBindIommufd() {}

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

    public static int iommufd(MemorySegment struct) {
        return struct.get(S32, IOMMUFD_OFFSET);
    }

    public static void iommufd(MemorySegment struct, int value) {
        struct.set(S32, IOMMUFD_OFFSET, value);
    }

    public static int outDevid(MemorySegment struct) {
        return struct.get(U32, OUT_DEVID_OFFSET);
    }

    public static void outDevid(MemorySegment struct, int value) {
        struct.set(U32, OUT_DEVID_OFFSET, value);
    }

    public static long tokenUuidPtr(MemorySegment struct) {
        return struct.get(U64, TOKEN_UUID_PTR_OFFSET);
    }

    public static void tokenUuidPtr(MemorySegment struct, long value) {
        struct.set(U64, TOKEN_UUID_PTR_OFFSET, value);
    }
}
