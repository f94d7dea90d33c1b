// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U16;
import static org.vfio4j.uapi.struct.UapiLayouts.U32;
import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * Reads or sets an option of an iommufd or of one object.
 *
 * <p>Argument of {@link org.vfio4j.uapi.IommufdIoctl#IOMMU_OPTION}.
 *
 * <pre>{@code
 * struct iommu_option {
 *     __u32 size;        //  0  bytes the caller offers
 *     __u32 option_id;   //  4  IOMMU_OPTION_*
 *     __u16 op;          //  8  IOMMU_OPTION_OP_*
 *     __u16 __reserved;  // 10
 *     __u32 object_id;   // 12  0 for the whole iommufd
 *     __u64 val64;       // 16
 * };                     // 24 bytes
 * }</pre>
 */
public final class IommuOption {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 24;

    /** The least {@code size} the kernel accepts. */
    public static final int MIN_SIZE = 24;

    public static final int SIZE_OFFSET = 0;
    public static final int OPTION_ID_OFFSET = 4;
    public static final int OP_OFFSET = 8;
    public static final int RESERVED_OFFSET = 10;
    public static final int OBJECT_ID_OFFSET = 12;
    public static final int VAL64_OFFSET = 16;

    private IommuOption() {}

    public static int size(MemorySegment struct) {
        return struct.get(U32, SIZE_OFFSET);
    }

    public static void size(MemorySegment struct, int value) {
        struct.set(U32, SIZE_OFFSET, value);
    }

    public static int optionId(MemorySegment struct) {
        return struct.get(U32, OPTION_ID_OFFSET);
    }

    public static void optionId(MemorySegment struct, int value) {
        struct.set(U32, OPTION_ID_OFFSET, value);
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

    public static int objectId(MemorySegment struct) {
        return struct.get(U32, OBJECT_ID_OFFSET);
    }

    public static void objectId(MemorySegment struct, int value) {
        struct.set(U32, OBJECT_ID_OFFSET, value);
    }

    public static long val64(MemorySegment struct) {
        return struct.get(U64, VAL64_OFFSET);
    }

    public static void val64(MemorySegment struct, long value) {
        struct.set(U64, VAL64_OFFSET, value);
    }
}
