// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.S32;
import static org.vfio4j.uapi.struct.UapiLayouts.U32;

import java.lang.foreign.MemorySegment;

/**
 * Feature MIG_DEVICE_STATE: the migration state, read or to be reached.
 *
 * <pre>{@code
 * struct vfio_device_feature_mig_state {
 *     __u32 device_state;  //  0  VFIO_DEVICE_STATE_*
 *     __s32 data_fd;       //  4  migration data file, or -1
 * };                       //  8 bytes
 * }</pre>
 */
public final class VfioDeviceFeatureMigState {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 8;

    public static final int DEVICE_STATE_OFFSET = 0;
    public static final int DATA_FD_OFFSET = 4;

    private VfioDeviceFeatureMigState() {}

    public static int deviceState(MemorySegment struct) {
        return struct.get(U32, DEVICE_STATE_OFFSET);
    }

    public static void deviceState(MemorySegment struct, int value) {
        struct.set(U32, DEVICE_STATE_OFFSET, value);
    }

    public static int dataFd(MemorySegment struct) {
        return struct.get(S32, DATA_FD_OFFSET);
    }

    public static void dataFd(MemorySegment struct, int value) {
        struct.set(S32, DATA_FD_OFFSET, value);
    }
}
