// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * Page table data for AMD: part of a device table entry of the guest.
 *
 * <pre>{@code
 * struct iommu_hwpt_amd_guest {
 *     __u64 dte[4];  //  0
 * };                 // 32 bytes
 * }</pre>
 */
public final class IommuHwptAmdGuest {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 32;

    public static final int DTE_OFFSET = 0;
    public static final int DTE_COUNT = 4;

    private IommuHwptAmdGuest() {}

    public static long dte(MemorySegment struct, int index) {
        return struct.get(U64, DTE_OFFSET + (long) index * 8);
    }

    public static void dte(MemorySegment struct, int index, long value) {
        struct.set(U64, DTE_OFFSET + (long) index * 8, value);
    }
}
