// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;

import java.lang.foreign.MemorySegment;

/**
 * The DMA windows of a POWER container.
 *
 * <p>Argument of {@link org.vfio4j.uapi.VfioIoctl#VFIO_IOMMU_SPAPR_TCE_GET_INFO}.
 *
 * <pre>{@code
 * struct vfio_iommu_spapr_tce_info {
 *     __u32 argsz;                               //  0  bytes the caller offers
 *     __u32 flags;                               //  4  VFIO_IOMMU_SPAPR_INFO_DDW if ddw is valid
 *     __u32 dma32_window_start;                  //  8  bus address
 *     __u32 dma32_window_size;                   // 12  bytes
 *     struct vfio_iommu_spapr_tce_ddw_info ddw;  // 16
 * };                                             // 32 bytes
 * }</pre>
 */
public final class VfioIommuSpaprTceInfo {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 32;

    /** The least {@code argsz} the kernel accepts; what lies beyond came with later versions or is optional. */
    public static final int MIN_ARGSZ = 16;

    public static final int ARGSZ_OFFSET = 0;
    public static final int FLAGS_OFFSET = 4;
    public static final int DMA32_WINDOW_START_OFFSET = 8;
    public static final int DMA32_WINDOW_SIZE_OFFSET = 12;
    public static final int DDW_OFFSET = 16;

    private VfioIommuSpaprTceInfo() {}

    public static int argsz(MemorySegment struct) {
        return struct.get(U32, ARGSZ_OFFSET);
    }

    public static void argsz(MemorySegment struct, int value) {
        struct.set(U32, ARGSZ_OFFSET, value);
    }

    public static int flags(MemorySegment struct) {
        return struct.get(U32, FLAGS_OFFSET);
    }

    public static void flags(MemorySegment struct, int value) {
        struct.set(U32, FLAGS_OFFSET, value);
    }

    public static int dma32WindowStart(MemorySegment struct) {
        return struct.get(U32, DMA32_WINDOW_START_OFFSET);
    }

    public static void dma32WindowStart(MemorySegment struct, int value) {
        struct.set(U32, DMA32_WINDOW_START_OFFSET, value);
    }

    public static int dma32WindowSize(MemorySegment struct) {
        return struct.get(U32, DMA32_WINDOW_SIZE_OFFSET);
    }

    public static void dma32WindowSize(MemorySegment struct, int value) {
        struct.set(U32, DMA32_WINDOW_SIZE_OFFSET, value);
    }

    /** A view of the nested {@link VfioIommuSpaprTceDdwInfo}. */
    public static MemorySegment ddw(MemorySegment struct) {
        return struct.asSlice(DDW_OFFSET, VfioIommuSpaprTceDdwInfo.SIZEOF);
    }
}
