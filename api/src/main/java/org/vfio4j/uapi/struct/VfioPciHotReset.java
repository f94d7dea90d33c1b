// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.S32;
import static org.vfio4j.uapi.struct.UapiLayouts.U32;

import java.lang.foreign.MemorySegment;

/**
 * A request to reset a PCI bus or slot, with proof of owning everything on it.
 *
 * <p>Argument of {@link org.vfio4j.uapi.VfioIoctl#VFIO_DEVICE_PCI_HOT_RESET}.
 *
 * <pre>{@code
 * struct vfio_pci_hot_reset {
 *     __u32 argsz;        //  0  bytes the caller offers
 *     __u32 flags;        //  4  none defined
 *     __u32 count;        //  8  number of group files; 0 for a cdev-opened device
 *     __s32 group_fds[];  // 12
 * };                      // 12 bytes
 * }</pre>
 */
public final class VfioPciHotReset {
    /** {@code sizeof}, in bytes, without the array at the end. */
    public static final int SIZEOF = 12;

    /** The least {@code argsz} the kernel accepts. */
    public static final int MIN_ARGSZ = 12;

    public static final int ARGSZ_OFFSET = 0;
    public static final int FLAGS_OFFSET = 4;
    public static final int COUNT_OFFSET = 8;
    public static final int GROUP_FDS_OFFSET = 12;

    private VfioPciHotReset() {}

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

    public static int count(MemorySegment struct) {
        return struct.get(U32, COUNT_OFFSET);
    }

    public static void count(MemorySegment struct, int value) {
        struct.set(U32, COUNT_OFFSET, value);
    }

    public static int groupFds(MemorySegment struct, int index) {
        return struct.get(S32, GROUP_FDS_OFFSET + (long) index * 4);
    }

    public static void groupFds(MemorySegment struct, int index, int value) {
        struct.set(S32, GROUP_FDS_OFFSET + (long) index * 4, value);
    }
}
