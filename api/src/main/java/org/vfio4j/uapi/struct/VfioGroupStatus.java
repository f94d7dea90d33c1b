// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;

import java.lang.foreign.MemorySegment;

/**
 * Whether a group is viable and has a container.
 *
 * <p>Argument of {@link org.vfio4j.uapi.VfioIoctl#VFIO_GROUP_GET_STATUS}.
 *
 * <pre>{@code
 * struct vfio_group_status {
 *     __u32 argsz;  //  0  bytes the caller offers
 *     __u32 flags;  //  4  VFIO_GROUP_FLAGS_*
 * };                //  8 bytes
 * }</pre>
 */
public final class VfioGroupStatus {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 8;

    /** The least {@code argsz} the kernel accepts. */
    public static final int MIN_ARGSZ = 8;

    public static final int ARGSZ_OFFSET = 0;
    public static final int FLAGS_OFFSET = 4;

    private VfioGroupStatus() {}

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
