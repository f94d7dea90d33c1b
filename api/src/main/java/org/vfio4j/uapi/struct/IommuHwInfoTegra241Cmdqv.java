// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;
import static org.vfio4j.uapi.struct.UapiLayouts.U8;

import java.lang.foreign.MemorySegment;

/**
 * What the hardware behind a device is: Tegra241 CMDQV.
 *
 * <pre>{@code
 * struct iommu_hw_info_tegra241_cmdqv {
 *     __u32 flags;      //  0
 *     __u8 version;     //  4
 *     __u8 log2vcmdqs;  //  5
 *     __u8 log2vsids;   //  6
 *     __u8 __reserved;  //  7
 * };                    //  8 bytes
 * }</pre>
 */
public final class IommuHwInfoTegra241Cmdqv {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 8;

    public static final int FLAGS_OFFSET = 0;
    public static final int VERSION_OFFSET = 4;
    public static final int LOG2VCMDQS_OFFSET = 5;
    public static final int LOG2VSIDS_OFFSET = 6;
    public static final int RESERVED_OFFSET = 7;

    private IommuHwInfoTegra241Cmdqv() {}

    public static int flags(MemorySegment struct) {
        return struct.get(U32, FLAGS_OFFSET);
    }

    public static void flags(MemorySegment struct, int value) {
        struct.set(U32, FLAGS_OFFSET, value);
    }

    public static int version(MemorySegment struct) {
        return Byte.toUnsignedInt(struct.get(U8, VERSION_OFFSET));
    }

    public static void version(MemorySegment struct, int value) {
        struct.set(U8, VERSION_OFFSET, (byte) value);
    }

    public static int log2vcmdqs(MemorySegment struct) {
        return Byte.toUnsignedInt(struct.get(U8, LOG2VCMDQS_OFFSET));
    }

    public static void log2vcmdqs(MemorySegment struct, int value) {
        struct.set(U8, LOG2VCMDQS_OFFSET, (byte) value);
    }

    public static int log2vsids(MemorySegment struct) {
        return Byte.toUnsignedInt(struct.get(U8, LOG2VSIDS_OFFSET));
    }

    public static void log2vsids(MemorySegment struct, int value) {
        struct.set(U8, LOG2VSIDS_OFFSET, (byte) value);
    }

    public static int reserved(MemorySegment struct) {
        return Byte.toUnsignedInt(struct.get(U8, RESERVED_OFFSET));
    }

    public static void reserved(MemorySegment struct, int value) {
        struct.set(U8, RESERVED_OFFSET, (byte) value);
    }
}
