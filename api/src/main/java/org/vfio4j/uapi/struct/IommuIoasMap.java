// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;
import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * Maps memory of the caller into an IOAS.
 *
 * <p>Argument of {@link org.vfio4j.uapi.IommufdIoctl#IOMMU_IOAS_MAP}.
 *
 * <pre>{@code
 * struct iommu_ioas_map {
 *     __u32 size;        //  0  bytes the caller offers
 *     __u32 flags;       //  4  IOMMU_IOAS_MAP_*
 *     __u32 ioas_id;     //  8
 *     __u32 __reserved;  // 12
 *     __u64 user_va;     // 16  address in the caller's memory
 *     __u64 length;      // 24  bytes
 *     __u64 iova;        // 32  in if FIXED_IOVA, else out
 * };                     // 40 bytes
 * }</pre>
 */
public final class IommuIoasMap {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 40;

    /** The least {@code size} the kernel accepts. */
    public static final int MIN_SIZE = 40;

    public static final int SIZE_OFFSET = 0;
    public static final int FLAGS_OFFSET = 4;
    public static final int IOAS_ID_OFFSET = 8;
    public static final int RESERVED_OFFSET = 12;
    public static final int USER_VA_OFFSET = 16;
    public static final int LENGTH_OFFSET = 24;
    public static final int IOVA_OFFSET = 32;

    private IommuIoasMap() {}

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

    public static int ioasId(MemorySegment struct) {
        return struct.get(U32, IOAS_ID_OFFSET);
    }

    public static void ioasId(MemorySegment struct, int value) {
        struct.set(U32, IOAS_ID_OFFSET, value);
    }

    public static int reserved(MemorySegment struct) {
        return struct.get(U32, RESERVED_OFFSET);
    }

    public static void reserved(MemorySegment struct, int value) {
        struct.set(U32, RESERVED_OFFSET, value);
    }

    public static long userVa(MemorySegment struct) {
        return struct.get(U64, USER_VA_OFFSET);
    }

    public static void userVa(MemorySegment struct, long value) {
        struct.set(U64, USER_VA_OFFSET, value);
    }

    public static long length(MemorySegment struct) {
        return struct.get(U64, LENGTH_OFFSET);
    }

    public static void length(MemorySegment struct, long value) {
        struct.set(U64, LENGTH_OFFSET, value);
    }

    public static long iova(MemorySegment struct) {
        return struct.get(U64, IOVA_OFFSET);
    }

    public static void iova(MemorySegment struct, long value) {
        struct.set(U64, IOVA_OFFSET, value);
    }
}
