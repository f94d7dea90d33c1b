// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;

import java.lang.foreign.MemorySegment;

/**
 * Makes an I/O address space (IOAS).
 *
 * <p>Argument of {@link org.vfio4j.uapi.IommufdIoctl#IOMMU_IOAS_ALLOC}.
 *
 * <pre>{@code
 * struct iommu_ioas_alloc {
 *     __u32 size;         //  0  bytes the caller offers
 *     __u32 flags;        //  4  none defined
 *     __u32 out_ioas_id;  //  8
 * };                      // 12 bytes
 * }</pre>
 */
public final class IommuIoasAlloc {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 12;

    /** The least {@code size} the kernel accepts. */
    public static final int MIN_SIZE = 12;

    public static final int SIZE_OFFSET = 0;
    public static final int FLAGS_OFFSET = 4;
    public static final int OUT_IOAS_ID_OFFSET = 8;

    private IommuIoasAlloc() {}

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

    public static int outIoasId(MemorySegment struct) {
        return struct.get(U32, OUT_IOAS_ID_OFFSET);
    }

    public static void outIoasId(MemorySegment struct, int value) {
        struct.set(U32, OUT_IOAS_ID_OFFSET, value);
    }
}
