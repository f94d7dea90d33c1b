// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;

import java.lang.foreign.MemorySegment;

/**
 * Feature BUS_MASTER: lets a device start DMA or forbids it.
 *
 * <pre>{@code
 * struct vfio_device_feature_bus_master {
 *     __u32 op;  //  0  VFIO_DEVICE_FEATURE_CLEAR_MASTER or SET_MASTER
 * };             //  4 bytes
 * }</pre>
 */
public final class VfioDeviceFeatureBusMaster {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 4;

    public static final int OP_OFFSET = 0;

    private VfioDeviceFeatureBusMaster() {}

    public static int op(MemorySegment struct) {
        return struct.get(U32, OP_OFFSET);
    }

    public static void op(MemorySegment struct, int value) {
        struct.set(U32, OP_OFFSET, value);
    }
}
