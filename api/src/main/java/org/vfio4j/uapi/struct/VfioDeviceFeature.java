// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;

import java.lang.foreign.MemorySegment;

/**
 * Head of a request about one optional feature of a device; the feature's own struct follows.
 *
 * <p>Argument of {@link org.vfio4j.uapi.VfioIoctl#VFIO_DEVICE_FEATURE}.
 *
 * <pre>{@code
 * struct vfio_device_feature {
 *     __u32 argsz;  //  0  bytes the caller offers
 *     __u32 flags;  //  4  feature number | VFIO_DEVICE_FEATURE_GET, SET, PROBE
 *     __u8 data[];  //  8  the feature's struct
 * };                //  8 bytes
 * }</pre>
 */
public final class VfioDeviceFeature {
    /** {@code sizeof}, in bytes, without the array at the end. */
    public static final int SIZEOF = 8;

    /** The least {@code argsz} the kernel accepts. */
    public static final int MIN_ARGSZ = 8;

    public static final int ARGSZ_OFFSET = 0;
    public static final int FLAGS_OFFSET = 4;
    public static final int DATA_OFFSET = 8;

    private VfioDeviceFeature() {}

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
}
