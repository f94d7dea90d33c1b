// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;
import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * Promises to stay within some IOVAs, so that later attachments cannot take them away.
 *
 * <p>Argument of {@link org.vfio4j.uapi.IommufdIoctl#IOMMU_IOAS_ALLOW_IOVAS}.
 *
 * <pre>{@code
 * struct iommu_ioas_allow_iovas {
 *     __u32 size;           //  0  bytes the caller offers
 *     __u32 ioas_id;        //  4
 *     __u32 num_iovas;      //  8  number of ranges
 *     __u32 __reserved;     // 12
 *     __u64 allowed_iovas;  // 16  address of iommu_iova_range[]
 * };                        // 24 bytes
 * }</pre>
 */
public final class IommuIoasAllowIovas {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 24;

    /** The least {@code size} the kernel accepts. */
    public static final int MIN_SIZE = 24;

    public static final int SIZE_OFFSET = 0;
    public static final int IOAS_ID_OFFSET = 4;
    public static final int NUM_IOVAS_OFFSET = 8;
    public static final int RESERVED_OFFSET = 12;
    public static final int ALLOWED_IOVAS_OFFSET = 16;

    private IommuIoasAllowIovas() {}

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

    public static int numIovas(MemorySegment struct) {
        return struct.get(U32, NUM_IOVAS_OFFSET);
    }

    public static void numIovas(MemorySegment struct, int value) {
        struct.set(U32, NUM_IOVAS_OFFSET, value);
    }

    public static int reserved(MemorySegment struct) {
        return struct.get(U32, RESERVED_OFFSET);
    }

    public static void reserved(MemorySegment struct, int value) {
        struct.set(U32, RESERVED_OFFSET, value);
    }

    public static long allowedIovas(MemorySegment struct) {
        return struct.get(U64, ALLOWED_IOVAS_OFFSET);
    }

    public static void allowedIovas(MemorySegment struct, long value) {
        struct.set(U64, ALLOWED_IOVAS_OFFSET, value);
    }
}
