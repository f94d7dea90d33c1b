// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;
import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * Makes a range of the caller's memory reachable by DMA.
 *
 * <p>Argument of {@link org.vfio4j.uapi.VfioIoctl#VFIO_IOMMU_MAP_DMA}.
 *
 * <pre>{@code
 * struct vfio_iommu_type1_dma_map {
 *     __u32 argsz;  //  0  bytes the caller offers
 *     __u32 flags;  //  4  VFIO_DMA_MAP_FLAG_*
 *     __u64 vaddr;  //  8  address in the caller's memory
 *     __u64 iova;   // 16  first IOVA
 *     __u64 size;   // 24  bytes
 * };                // 32 bytes
 * }</pre>
 */
public final class VfioIommuType1DmaMap {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 32;

    /** The least {@code argsz} the kernel accepts. */
    public static final int MIN_ARGSZ = 32;

    public static final int ARGSZ_OFFSET = 0;
    public static final int FLAGS_OFFSET = 4;
    public static final int VADDR_OFFSET = 8;
    public static final int IOVA_OFFSET = 16;
    public static final int SIZE_OFFSET = 24;

    private VfioIommuType1DmaMap() {}

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

    public static long vaddr(MemorySegment struct) {
        return struct.get(U64, VADDR_OFFSET);
    }

    public static void vaddr(MemorySegment struct, long value) {
        struct.set(U64, VADDR_OFFSET, value);
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
