// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;
import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * Takes a range of IOVAs away from DMA; with GET_DIRTY_BITMAP a {@link VfioBitmap} follows.
 *
 * <p>Argument of {@link org.vfio4j.uapi.VfioIoctl#VFIO_IOMMU_UNMAP_DMA}.
 *
 * <pre>{@code
 * struct vfio_iommu_type1_dma_unmap {
 *     __u32 argsz;  //  0  bytes the caller offers
 *     __u32 flags;  //  4  VFIO_DMA_UNMAP_FLAG_*
 *     __u64 iova;   //  8  first IOVA
 *     __u64 size;   // 16  in: bytes; out: bytes unmapped
 *     __u8 data[];  // 24  vfio_bitmap
 * };                // 24 bytes
 * }</pre>
 */
public final class VfioIommuType1DmaUnmap {
    /** {@code sizeof}, in bytes, without the array at the end. */
    public static final int SIZEOF = 24;

    /** The least {@code argsz} the kernel accepts. */
    public static final int MIN_ARGSZ = 24;

    public static final int ARGSZ_OFFSET = 0;
    public static final int FLAGS_OFFSET = 4;
    public static final int IOVA_OFFSET = 8;
    public static final int SIZE_OFFSET = 16;
    public static final int DATA_OFFSET = 24;

    private VfioIommuType1DmaUnmap() {}

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

    public static long iova(MemorySegment struct) {
        return struct.get(U64, IOVA_OFFSET);
    }

    public static void iova(MemorySegment struct, long value) {
        struct.set(U64, IOVA_OFFSET, value);
    }

    public static long size(MemorySegment struct) {
        return struct.get(U64, SIZE_OFFSET);
    }

    public static void size(MemorySegment struct, long value) {
        struct.set(U64, SIZE_OFFSET, value);
    }
}
