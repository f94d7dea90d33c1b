// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;

import java.lang.foreign.MemorySegment;

/**
 * Feature DMA_BUF: makes a dma-buf of parts of a region.
 *
 * <pre>{@code
 * struct vfio_device_feature_dma_buf {
 *     __u32 region_index;                         //  0
 *     __u32 open_flags;                           //  4  of open(2), for the new file
 *     __u32 flags;                                //  8  none defined
 *     __u32 nr_ranges;                            // 12
 *     struct vfio_region_dma_range dma_ranges[];  // 16
 * };                                              // 16 bytes
 * }</pre>
 */
public final class VfioDeviceFeatureDmaBuf {
    /** {@code sizeof}, in bytes, without the array at the end. */
    public static final int SIZEOF = 16;

    public static final int REGION_INDEX_OFFSET = 0;
    public static final int OPEN_FLAGS_OFFSET = 4;
    public static final int FLAGS_OFFSET = 8;
    public static final int NR_RANGES_OFFSET = 12;
    public static final int DMA_RANGES_OFFSET = 16;

    private VfioDeviceFeatureDmaBuf() {}

    public static int regionIndex(MemorySegment struct) {
        return struct.get(U32, REGION_INDEX_OFFSET);
    }

    public static void regionIndex(MemorySegment struct, int value) {
        struct.set(U32, REGION_INDEX_OFFSET, value);
    }

    public static int openFlags(MemorySegment struct) {
        return struct.get(U32, OPEN_FLAGS_OFFSET);
    }

    public static void openFlags(MemorySegment struct, int value) {
        struct.set(U32, OPEN_FLAGS_OFFSET, value);
    }

    public static int flags(MemorySegment struct) {
        return struct.get(U32, FLAGS_OFFSET);
    }

    public static void flags(MemorySegment struct, int value) {
        struct.set(U32, FLAGS_OFFSET, value);
    }

    public static int nrRanges(MemorySegment struct) {
        return struct.get(U32, NR_RANGES_OFFSET);
    }

    public static void nrRanges(MemorySegment struct, int value) {
        struct.set(U32, NR_RANGES_OFFSET, value);
    }

    /** A view of one element of the array at the end. */
    public static MemorySegment dmaRanges(MemorySegment struct, int index) {
        return struct.asSlice(DMA_RANGES_OFFSET + (long) index * VfioRegionDmaRange.SIZEOF, VfioRegionDmaRange.SIZEOF);
    }
}
