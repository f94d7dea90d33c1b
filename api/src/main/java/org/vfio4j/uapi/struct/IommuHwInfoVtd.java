// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;
import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * What the hardware behind a device is: Intel VT-d.
 *
 * <pre>{@code
 * struct iommu_hw_info_vtd {
 *     __u32 flags;       //  0  IOMMU_HW_INFO_VTD_*
 *     __u32 __reserved;  //  4
 *     __u64 cap_reg;     //  8
 *     __u64 ecap_reg;    // 16
 * };                     // 24 bytes
 * }</pre>
 */
public final class IommuHwInfoVtd {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 24;

    public static final int FLAGS_OFFSET = 0;
    public static final int RESERVED_OFFSET = 4;
    public static final int CAP_REG_OFFSET = 8;
    public static final int ECAP_REG_OFFSET = 16;

    private IommuHwInfoVtd() {}

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

    public static long capReg(MemorySegment struct) {
        return struct.get(U64, CAP_REG_OFFSET);
    }

    public static void capReg(MemorySegment struct, long value) {
        struct.set(U64, CAP_REG_OFFSET, value);
    }

    public static long ecapReg(MemorySegment struct) {
        return struct.get(U64, ECAP_REG_OFFSET);
    }

    public static void ecapReg(MemorySegment struct, long value) {
        struct.set(U64, ECAP_REG_OFFSET, value);
    }
}
