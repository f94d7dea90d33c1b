// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;

import java.lang.foreign.MemorySegment;

/**
 * Device capability: the PCIe atomic operations the path to memory completes.
 *
 * <pre>{@code
 * struct vfio_device_info_cap_pci_atomic_comp {
 *     struct vfio_info_cap_header header;  //  0
 *     __u32 flags;                         //  8  VFIO_PCI_ATOMIC_COMP*
 *     __u32 reserved;                      // 12
 * };                                       // 16 bytes
 * }</pre>
 */
public final class VfioDeviceInfoCapPciAtomicComp {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 16;

    public static final int HEADER_OFFSET = 0;
    public static final int FLAGS_OFFSET = 8;
    public static final int RESERVED_OFFSET = 12;

    private VfioDeviceInfoCapPciAtomicComp() {}

    /** A view of the nested {@link VfioInfoCapHeader}. */
    public static MemorySegment header(MemorySegment struct) {
        return struct.asSlice(HEADER_OFFSET, VfioInfoCapHeader.SIZEOF);
    }

    public static int flags(MemorySegment struct) {
        return struct.get(U32, FLAGS_OFFSET);
    }

    public static void flags(MemorySegment struct, int value) {
        struct.set(U32, FLAGS_OFFSET, value);
    }

    public static int reserved(MemorySegment struct) {
        return struct.get(U32, RESERVED_OFFSET);
    }

    public static void reserved(MemorySegment struct, int value) {
        struct.set(U32, RESERVED_OFFSET, value);
    }
}
