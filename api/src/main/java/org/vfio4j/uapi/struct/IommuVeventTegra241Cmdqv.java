// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * Event of a virtual IOMMU: Tegra241 CMDQV.
 *
 * <pre>{@code
 * struct iommu_vevent_tegra241_cmdqv {
 *     __le64 lvcmdq_err_map[2];  //  0
 * };                             // 16 bytes
 * }</pre>
 */
public final class IommuVeventTegra241Cmdqv {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 16;

    public static final int LVCMDQ_ERR_MAP_OFFSET = 0;
    public static final int LVCMDQ_ERR_MAP_COUNT = 2;

    private IommuVeventTegra241Cmdqv() {}

    public static long lvcmdqErrMap(MemorySegment struct, int index) {
        return struct.get(U64, LVCMDQ_ERR_MAP_OFFSET + (long) index * 8);
    }

    public static void lvcmdqErrMap(MemorySegment struct, int index, long value) {
        struct.set(U64, LVCMDQ_ERR_MAP_OFFSET + (long) index * 8, value);
    }
}
