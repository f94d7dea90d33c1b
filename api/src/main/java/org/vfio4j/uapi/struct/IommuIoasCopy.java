// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;
import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * Maps what one IOAS maps into another, without pinning it again.
 *
 * <p>Argument of {@link org.vfio4j.uapi.IommufdIoctl#IOMMU_IOAS_COPY}.
 *
 * <pre>{@code
 * struct iommu_ioas_copy {
 *     __u32 size;         //  0  bytes the caller offers
 *     __u32 flags;        //  4  IOMMU_IOAS_MAP_*
 *     __u32 dst_ioas_id;  //  8
 *     __u32 src_ioas_id;  // 12
 *     __u64 length;       // 16  bytes
 *     __u64 dst_iova;     // 24  in if FIXED_IOVA, else out
 *     __u64 src_iova;     // 32
 * };                      // 40 bytes
 * }</pre>
 */
public final class IommuIoasCopy {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 40;

    /** The least {@code size} the kernel accepts. */
    public static final int MIN_SIZE = 40;

    public static final int SIZE_OFFSET = 0;
    public static final int FLAGS_OFFSET = 4;
    public static final int DST_IOAS_ID_OFFSET = 8;
    public static final int SRC_IOAS_ID_OFFSET = 12;
    public static final int LENGTH_OFFSET = 16;
    public static final int DST_IOVA_OFFSET = 24;
    public static final int SRC_IOVA_OFFSET = 32;

    private IommuIoasCopy() {}

    public static int size(MemorySegment struct) {
        return struct.get(U32, SIZE_OFFSET);
    }

    public static void size(MemorySegment struct, int value) {
        struct.set(U32, SIZE_OFFSET, value);
    }

    public static int flags(MemorySegment struct) {
        return struct.get(U32, FLAGS_OFFSET);
    }

    public static void flags(MemorySegment struct, int value) {
        struct.set(U32, FLAGS_OFFSET, value);
    }

    public static int dstIoasId(MemorySegment struct) {
        return struct.get(U32, DST_IOAS_ID_OFFSET);
    }

    public static void dstIoasId(MemorySegment struct, int value) {
        struct.set(U32, DST_IOAS_ID_OFFSET, value);
    }

    public static int srcIoasId(MemorySegment struct) {
        return struct.get(U32, SRC_IOAS_ID_OFFSET);
    }

    public static void srcIoasId(MemorySegment struct, int value) {
        struct.set(U32, SRC_IOAS_ID_OFFSET, value);
    }

    public static long length(MemorySegment struct) {
        return struct.get(U64, LENGTH_OFFSET);
    }

    public static void length(MemorySegment struct, long value) {
        struct.set(U64, LENGTH_OFFSET, value);
    }

    public static long dstIova(MemorySegment struct) {
        return struct.get(U64, DST_IOVA_OFFSET);
    }

    public static void dstIova(MemorySegment struct, long value) {
        struct.set(U64, DST_IOVA_OFFSET, value);
    }

    public static long srcIova(MemorySegment struct) {
        return struct.get(U64, SRC_IOVA_OFFSET);
    }

    public static void srcIova(MemorySegment struct, long value) {
        struct.set(U64, SRC_IOVA_OFFSET, value);
    }
}
