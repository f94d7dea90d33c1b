// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * Page table data for Arm SMMUv3: part of a stream table entry of the guest.
 *
 * <pre>{@code
 * struct iommu_hwpt_arm_smmuv3 {
 *     __le64 ste[2];  //  0
 * };                  // 16 bytes
 * }</pre>
 */
public final class IommuHwptArmSmmuv3 {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 16;

    public static final int STE_OFFSET = 0;
    public static final int STE_COUNT = 2;

    private IommuHwptArmSmmuv3() {}

    public static long ste(MemorySegment struct, int index) {
        return struct.get(U64, STE_OFFSET + (long) index * 8);
    }

    public static void ste(MemorySegment struct, int index, long value) {
        struct.set(U64, STE_OFFSET + (long) index * 8, value);
    }
}
