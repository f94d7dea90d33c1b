// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;
import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * Removes mappings from an IOAS.
 *
 * <p>Argument of {@link org.vfio4j.uapi.IommufdIoctl#IOMMU_IOAS_UNMAP}.
 *
 * <pre>{@code
 * struct iommu_ioas_unmap {
 *     __u32 size;     //  0  bytes the caller offers
 *     __u32 ioas_id;  //  4
 *     __u64 iova;     //  8
 *     __u64 length;   // 16  in: bytes; out: bytes unmapped
 * };                  // 24 bytes
 * }</pre>
 */
public final class IommuIoasUnmap {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 24;

    /** The least {@code size} the kernel accepts. */
    public static final int MIN_SIZE = 24;

    public static final int SIZE_OFFSET = 0;
    public static final int IOAS_ID_OFFSET = 4;
    public static final int IOVA_OFFSET = 8;
    public static final int LENGTH_OFFSET = 16;

    private IommuIoasUnmap() {}

    public static int size(MemorySegment struct) {
        return struct.get(U32, SIZE_OFFSET);
    }

    public static void size(MemorySegment struct, int value) {
        struct.set(U32, SIZE_OFFSET, value);
    }

    public static int ioasId(MemorySegment struct) {
        return struct.get(U32, IOAS_ID_OFFSET);
    }

    public static void ioasId(MemorySegment struct, int value) {
        struct.set(U32, IOAS_ID_OFFSET, value);
    }

    public static long iova(MemorySegment struct) {
        return struct.get(U64, IOVA_OFFSET);
    }

    public static void iova(MemorySegment struct, long value) {
        struct.set(U64, IOVA_OFFSET, value);
    }

    public static long length(MemorySegment struct) {
        return struct.get(U64, LENGTH_OFFSET);
    }

    public static void length(MemorySegment struct, long value) {
        struct.set(U64, LENGTH_OFFSET, value);
    }
}
