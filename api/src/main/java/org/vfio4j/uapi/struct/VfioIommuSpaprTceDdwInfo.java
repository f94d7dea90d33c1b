// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;
import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * The dynamic DMA windows a POWER host bridge can make.
 *
 * <pre>{@code
 * struct vfio_iommu_spapr_tce_ddw_info {
 *     __u64 pgsizes;                        //  0  bit n: pages of 2^n bytes
 *     __u32 max_dynamic_windows_supported;  //  8
 *     __u32 levels;                         // 12  most levels of a table
 * };                                        // 16 bytes
 * }</pre>
 */
public final class VfioIommuSpaprTceDdwInfo {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 16;

    public static final int PGSIZES_OFFSET = 0;
    public static final int MAX_DYNAMIC_WINDOWS_SUPPORTED_OFFSET = 8;
    public static final int LEVELS_OFFSET = 12;

    private VfioIommuSpaprTceDdwInfo() {}

    public static long pgsizes(MemorySegment struct) {
        return struct.get(U64, PGSIZES_OFFSET);
    }

    public static void pgsizes(MemorySegment struct, long value) {
        struct.set(U64, PGSIZES_OFFSET, value);
    }

    public static int maxDynamicWindowsSupported(MemorySegment struct) {
        return struct.get(U32, MAX_DYNAMIC_WINDOWS_SUPPORTED_OFFSET);
    }

    public static void maxDynamicWindowsSupported(MemorySegment struct, int value) {
        struct.set(U32, MAX_DYNAMIC_WINDOWS_SUPPORTED_OFFSET, value);
    }

    public static int levels(MemorySegment struct) {
        return struct.get(U32, LEVELS_OFFSET);
    }

    public static void levels(MemorySegment struct, int value) {
        struct.set(U32, LEVELS_OFFSET, value);
    }
}
