// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U16;
import static org.vfio4j.uapi.struct.UapiLayouts.U32;
import static org.vfio4j.uapi.struct.UapiLayouts.U8;

import java.lang.foreign.MemorySegment;

/**
 * One PCI function that a hot reset would affect.
 *
 * <pre>{@code
 * struct vfio_pci_dependent_device {
 *     union {
 *         __u32 group_id;  //  0  IOMMU group, if the device was opened by group
 *         __u32 devid;     //  0  iommufd object or VFIO_PCI_DEVID_*, if opened by cdev
 *     };
 *     __u16 segment;       //  4
 *     __u8 bus;            //  6
 *     __u8 devfn;          //  7  device number << 3 | function number
 * };                       //  8 bytes
 * }</pre>
 */
public final class VfioPciDependentDevice {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 8;

    public static final int GROUP_ID_OFFSET = 0;
    public static final int DEVID_OFFSET = 0;
    public static final int SEGMENT_OFFSET = 4;
    public static final int BUS_OFFSET = 6;
    public static final int DEVFN_OFFSET = 7;

    private VfioPciDependentDevice() {}

    public static int groupId(MemorySegment struct) {
        return struct.get(U32, GROUP_ID_OFFSET);
    }

    public static void groupId(MemorySegment struct, int value) {
        struct.set(U32, GROUP_ID_OFFSET, value);
    }

    public static int devid(MemorySegment struct) {
        return struct.get(U32, DEVID_OFFSET);
    }

    public static void devid(MemorySegment struct, int value) {
        struct.set(U32, DEVID_OFFSET, value);
    }

    public static int segment(MemorySegment struct) {
        return Short.toUnsignedInt(struct.get(U16, SEGMENT_OFFSET));
    }

    public static void segment(MemorySegment struct, int value) {
        struct.set(U16, SEGMENT_OFFSET, (short) value);
    }

    public static int bus(MemorySegment struct) {
        return Byte.toUnsignedInt(struct.get(U8, BUS_OFFSET));
    }

    public static void bus(MemorySegment struct, int value) {
        struct.set(U8, BUS_OFFSET, (byte) value);
    }

    public static int devfn(MemorySegment struct) {
        return Byte.toUnsignedInt(struct.get(U8, DEVFN_OFFSET));
    }

    public static void devfn(MemorySegment struct, int value) {
        struct.set(U8, DEVFN_OFFSET, (byte) value);
    }
}
