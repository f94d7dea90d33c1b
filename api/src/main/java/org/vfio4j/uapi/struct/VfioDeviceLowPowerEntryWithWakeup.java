// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.S32;
import static org.vfio4j.uapi.struct.UapiLayouts.U32;

import java.lang.foreign.MemorySegment;

/**
 * Feature LOW_POWER_ENTRY_WITH_WAKEUP: the eventfd that tells of a wake-up.
 *
 * <pre>{@code
 * struct vfio_device_low_power_entry_with_wakeup {
 *     __s32 wakeup_eventfd;  //  0
 *     __u32 reserved;        //  4
 * };                         //  8 bytes
 * }</pre>
 */
public final class VfioDeviceLowPowerEntryWithWakeup {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 8;

    public static final int WAKEUP_EVENTFD_OFFSET = 0;
    public static final int RESERVED_OFFSET = 4;

    private VfioDeviceLowPowerEntryWithWakeup() {}

    public static int wakeupEventfd(MemorySegment struct) {
        return struct.get(S32, WAKEUP_EVENTFD_OFFSET);
    }

    public static void wakeupEventfd(MemorySegment struct, int value) {
        struct.set(S32, WAKEUP_EVENTFD_OFFSET, value);
    }

    public static int reserved(MemorySegment struct) {
        return struct.get(U32, RESERVED_OFFSET);
    }

    public static void reserved(MemorySegment struct, int value) {
        struct.set(U32, RESERVED_OFFSET, value);
    }
}
