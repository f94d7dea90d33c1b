// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U16;
import static org.vfio4j.uapi.struct.UapiLayouts.U32;

import java.lang.foreign.MemorySegment;

/**
 * Reads or chooses the IOAS that stands in for a legacy container.
 *
 * <p>Argument of {@link org.vfio4j.uapi.IommufdIoctl#IOMMU_VFIO_IOAS}.
 *
 * <pre>{@code
 * struct iommu_vfio_ioas {
 *     __u32 size;        //  0  bytes the caller offers
 *     __u32 ioas_id;     //  4  in for SET, out for GET
 *     __u16 op;          //  8  IOMMU_VFIO_IOAS_*
 *     __u16 __reserved;  // 10
 * };                     // 12 bytes
 * }</pre>
 */
public final class IommuVfioIoas {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 12;

    /** The least {@code size} the kernel accepts. */
    public static final int MIN_SIZE = 12;

    public static final int SIZE_OFFSET = 0;
    public static final int IOAS_ID_OFFSET = 4;
    public static final int OP_OFFSET = 8;
    public static final int RESERVED_OFFSET = 10;

    private IommuVfioIoas() {}

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

    public static int op(MemorySegment struct) {
        return Short.toUnsignedInt(struct.get(U16, OP_OFFSET));
    }

    public static void op(MemorySegment struct, int value) {
        struct.set(U16, OP_OFFSET, (short) value);
    }

    public static int reserved(MemorySegment struct) {
        return Short.toUnsignedInt(struct.get(U16, RESERVED_OFFSET));
    }

    public static void reserved(MemorySegment struct, int value) {
        struct.set(U16, RESERVED_OFFSET, (short) value);
    }
}
