// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;
import static org.vfio4j.uapi.struct.UapiLayouts.U64;
import static org.vfio4j.uapi.struct.UapiLayouts.U8;

import java.lang.foreign.MemorySegment;

/**
 * Asks what the IOMMU hardware behind a device is and can do.
 *
 * <p>Argument of {@link org.vfio4j.uapi.IommufdIoctl#IOMMU_GET_HW_INFO}.
 *
 * <pre>{@code
 * struct iommu_hw_info {
 *     __u32 size;               //  0  bytes the caller offers
 *     __u32 flags;              //  4  IOMMU_HW_INFO_FLAG_*
 *     __u32 dev_id;             //  8
 *     __u32 data_len;           // 12  in: room at data_uptr; out: bytes the hardware has
 *     __u64 data_uptr;          // 16  address
 *     union {
 *         __u32 in_data_type;   // 24  the type asked for, if INPUT_TYPE
 *         __u32 out_data_type;  // 24  IOMMU_HW_INFO_TYPE_*
 *     };
 *     __u8 out_max_pasid_log2;  // 28  0 if there are no PASIDs
 *     __u8 __reserved[3];       // 29
 *     __u64 out_capabilities;   // 32  IOMMU_HW_CAP_*
 * };                            // 40 bytes
 * }</pre>
 */
public final class IommuHwInfo {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 40;

    /** The least {@code size} the kernel accepts; what lies beyond came with later versions or is optional. */
    public static final int MIN_SIZE = 32;

    public static final int SIZE_OFFSET = 0;
    public static final int FLAGS_OFFSET = 4;
    public static final int DEV_ID_OFFSET = 8;
    public static final int DATA_LEN_OFFSET = 12;
    public static final int DATA_UPTR_OFFSET = 16;
    public static final int IN_DATA_TYPE_OFFSET = 24;
    public static final int OUT_DATA_TYPE_OFFSET = 24;
    public static final int OUT_MAX_PASID_LOG2_OFFSET = 28;
    public static final int RESERVED_OFFSET = 29;
    public static final int RESERVED_COUNT = 3;
    public static final int OUT_CAPABILITIES_OFFSET = 32;

    private IommuHwInfo() {}

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

    public static int devId(MemorySegment struct) {
        return struct.get(U32, DEV_ID_OFFSET);
    }

    public static void devId(MemorySegment struct, int value) {
        struct.set(U32, DEV_ID_OFFSET, value);
    }

    public static int dataLen(MemorySegment struct) {
        return struct.get(U32, DATA_LEN_OFFSET);
    }

    public static void dataLen(MemorySegment struct, int value) {
        struct.set(U32, DATA_LEN_OFFSET, value);
    }

    public static long dataUptr(MemorySegment struct) {
        return struct.get(U64, DATA_UPTR_OFFSET);
    }

    public static void dataUptr(MemorySegment struct, long value) {
        struct.set(U64, DATA_UPTR_OFFSET, value);
    }

    public static int inDataType(MemorySegment struct) {
        return struct.get(U32, IN_DATA_TYPE_OFFSET);
    }

    public static void inDataType(MemorySegment struct, int value) {
        struct.set(U32, IN_DATA_TYPE_OFFSET, value);
    }

    public static int outDataType(MemorySegment struct) {
        return struct.get(U32, OUT_DATA_TYPE_OFFSET);
    }

    public static void outDataType(MemorySegment struct, int value) {
        struct.set(U32, OUT_DATA_TYPE_OFFSET, value);
    }

    public static int outMaxPasidLog2(MemorySegment struct) {
        return Byte.toUnsignedInt(struct.get(U8, OUT_MAX_PASID_LOG2_OFFSET));
    }

    public static void outMaxPasidLog2(MemorySegment struct, int value) {
        struct.set(U8, OUT_MAX_PASID_LOG2_OFFSET, (byte) value);
    }

    public static int reserved(MemorySegment struct, int index) {
        return Byte.toUnsignedInt(struct.get(U8, RESERVED_OFFSET + (long) index));
    }

    public static void reserved(MemorySegment struct, int index, int value) {
        struct.set(U8, RESERVED_OFFSET + (long) index, (byte) value);
    }

    public static long outCapabilities(MemorySegment struct) {
        return struct.get(U64, OUT_CAPABILITIES_OFFSET);
    }

    public static void outCapabilities(MemorySegment struct, long value) {
        struct.set(U64, OUT_CAPABILITIES_OFFSET, value);
    }
}
