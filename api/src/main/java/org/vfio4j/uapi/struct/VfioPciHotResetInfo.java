// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;

import java.lang.foreign.MemorySegment;

/**
 * Which PCI functions a hot reset would affect.
 *
 * <p>Argument of {@link org.vfio4j.uapi.VfioIoctl#VFIO_DEVICE_GET_PCI_HOT_RESET_INFO}.
 *
 * <pre>{@code
 * struct vfio_pci_hot_reset_info {
 *     __u32 argsz;                                 //  0  bytes the caller offers
 *     __u32 flags;                                 //  4  out: VFIO_PCI_HOT_RESET_FLAG_*
 *     __u32 count;                                 //  8  out: number of entries
 *     struct vfio_pci_dependent_device devices[];  // 12
 * };                                               // 12 bytes
 * }</pre>
 */
public final class VfioPciHotResetInfo {
    /** {@code sizeof}, in bytes, without the array at the end. */
    public static final int SIZEOF = 12;

    /** The least {@code argsz} the kernel accepts. */
    public static final int MIN_ARGSZ = 12;

    public static final int ARGSZ_OFFSET = 0;
    public static final int FLAGS_OFFSET = 4;
    public static final int COUNT_OFFSET = 8;
    public static final int DEVICES_OFFSET = 12;

    private VfioPciHotResetInfo() {}

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

    /** A view of one element of the array at the end. */
    public static MemorySegment devices(MemorySegment struct, int index) {
        return struct.asSlice(
                DEVICES_OFFSET + (long) index * VfioPciDependentDevice.SIZEOF, VfioPciDependentDevice.SIZEOF);
    }
}
