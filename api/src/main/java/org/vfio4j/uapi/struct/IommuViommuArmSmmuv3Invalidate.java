// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * One invalidation command of a guest: Arm SMMUv3.
 *
 * <pre>{@code
 * struct iommu_viommu_arm_smmuv3_invalidate {
 *     __le64 cmd[2];  //  0
 * };                  // 16 bytes
 * }</pre>
 */
public final class IommuViommuArmSmmuv3Invalidate {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 16;

    public static final int CMD_OFFSET = 0;
    public static final int CMD_COUNT = 2;

    private IommuViommuArmSmmuv3Invalidate() {}

    public static long cmd(MemorySegment struct, int index) {
        return struct.get(U64, CMD_OFFSET + (long) index * 8);
    }

    public static void cmd(MemorySegment struct, int index, long value) {
        struct.set(U64, CMD_OFFSET + (long) index * 8, value);
    }
}
