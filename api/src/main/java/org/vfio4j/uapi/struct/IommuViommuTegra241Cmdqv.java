// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * Answer of a virtual IOMMU: Tegra241 CMDQV.
 *
 * <pre>{@code
 * struct iommu_viommu_tegra241_cmdqv {
 *     __u64 out_vintf_mmap_offset;  //  0
 *     __u64 out_vintf_mmap_length;  //  8  bytes
 * };                                // 16 bytes
 * }</pre>
 */
public final class IommuViommuTegra241Cmdqv {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 16;

    public static final int OUT_VINTF_MMAP_OFFSET_OFFSET = 0;
    public static final int OUT_VINTF_MMAP_LENGTH_OFFSET = 8;

    private IommuViommuTegra241Cmdqv() {}

    public static long outVintfMmapOffset(MemorySegment struct) {
        return struct.get(U64, OUT_VINTF_MMAP_OFFSET_OFFSET);
    }

    public static void outVintfMmapOffset(MemorySegment struct, long value) {
        struct.set(U64, OUT_VINTF_MMAP_OFFSET_OFFSET, value);
    }

    public static long outVintfMmapLength(MemorySegment struct) {
        return struct.get(U64, OUT_VINTF_MMAP_LENGTH_OFFSET);
    }

    public static void outVintfMmapLength(MemorySegment struct, long value) {
        struct.set(U64, OUT_VINTF_MMAP_LENGTH_OFFSET, value);
    }
}
