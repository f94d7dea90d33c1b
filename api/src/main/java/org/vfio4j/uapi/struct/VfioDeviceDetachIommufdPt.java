// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;

import java.lang.foreign.MemorySegment;

/**
 * Detaches a bound device from what it is attached to.
 *
 * <p>Argument of {@link org.vfio4j.uapi.VfioIoctl#VFIO_DEVICE_DETACH_IOMMUFD_PT}.
 *
 * <pre>{@code
 * struct vfio_device_detach_iommufd_pt {
 *     __u32 argsz;  //  0  bytes the caller offers
 *     __u32 flags;  //  4  VFIO_DEVICE_DETACH_PASID
 *     __u32 pasid;  //  8
 * };                // 12 bytes
 * }</pre>
 */
public final class VfioDeviceDetachIommufdPt {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 12;

    /** The least {@code argsz} the kernel accepts; what lies beyond came with later versions or is optional. */
    public static final int MIN_ARGSZ = 8;

    public static final int ARGSZ_OFFSET = 0;
    public static final int FLAGS_OFFSET = 4;
    public static final int PASID_OFFSET = 8;

    private VfioDeviceDetachIommufdPt() {}

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

    public static int pasid(MemorySegment struct) {
        return struct.get(U32, PASID_OFFSET);
    }

    public static void pasid(MemorySegment struct, int value) {
        struct.set(U32, PASID_OFFSET, value);
    }
}
