// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * What the hardware behind a device is: AMD IOMMU.
 *
 * <pre>{@code
 * struct iommu_hw_info_amd {
 *     __u64 efr;   //  0
 *     __u64 efr2;  //  8
 * };               // 16 bytes
 * }</pre>
 */
public final class IommuHwInfoAmd {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 16;

    public static final int EFR_OFFSET = 0;
    public static final int EFR2_OFFSET = 8;

    private IommuHwInfoAmd() {}

    public static long efr(MemorySegment struct) {
        return struct.get(U64, EFR_OFFSET);
    }

    public static void efr(MemorySegment struct, long value) {
        struct.set(U64, EFR_OFFSET, value);
    }

    public static long efr2(MemorySegment struct) {
        return struct.get(U64, EFR2_OFFSET);
    }

    public static void efr2(MemorySegment struct, long value) {
        struct.set(U64, EFR2_OFFSET, value);
    }
}
