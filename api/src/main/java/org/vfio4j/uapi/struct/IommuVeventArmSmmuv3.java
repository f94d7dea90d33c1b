// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * Event of a virtual IOMMU: Arm SMMUv3.
 *
 * <pre>{@code
 * struct iommu_vevent_arm_smmuv3 {
 *     __le64 evt[4];  //  0
 * };                  // 32 bytes
 * }</pre>
 */
public final class IommuVeventArmSmmuv3 {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 32;

    public static final int EVT_OFFSET = 0;
    public static final int EVT_COUNT = 4;

    private IommuVeventArmSmmuv3() {}

    public static long evt(MemorySegment struct, int index) {
        return struct.get(U64, EVT_OFFSET + (long) index * 8);
    }

    public static void evt(MemorySegment struct, int index, long value) {
        struct.set(U64, EVT_OFFSET + (long) index * 8, value);
    }
}
