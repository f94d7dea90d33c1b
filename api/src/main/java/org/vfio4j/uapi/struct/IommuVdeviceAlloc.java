// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;
import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * Makes a virtual device of a virtual IOMMU.
 *
 * <p>Argument of {@link org.vfio4j.uapi.IommufdIoctl#IOMMU_VDEVICE_ALLOC}.
 *
 * <pre>{@code
 * struct iommu_vdevice_alloc {
 *     __u32 size;            //  0  bytes the caller offers
 *     __u32 viommu_id;       //  4
 *     __u32 dev_id;          //  8
 *     __u32 out_vdevice_id;  // 12
 *     __u64 virt_id;         // 16  what the guest calls the device
 * };                         // 24 bytes
 * }</pre>
 */
public final class IommuVdeviceAlloc {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 24;

    /** The least {@code size} the kernel accepts. */
    public static final int MIN_SIZE = 24;

    public static final int SIZE_OFFSET = 0;
    public static final int VIOMMU_ID_OFFSET = 4;
    public static final int DEV_ID_OFFSET = 8;
    public static final int OUT_VDEVICE_ID_OFFSET = 12;
    public static final int VIRT_ID_OFFSET = 16;

    private IommuVdeviceAlloc() {}

    public static int size(MemorySegment struct) {
        return struct.get(U32, SIZE_OFFSET);
    }

    public static void size(MemorySegment struct, int value) {
        struct.set(U32, SIZE_OFFSET, value);
    }

    public static int viommuId(MemorySegment struct) {
        return struct.get(U32, VIOMMU_ID_OFFSET);
    }

    public static void viommuId(MemorySegment struct, int value) {
        struct.set(U32, VIOMMU_ID_OFFSET, value);
    }

    public static int devId(MemorySegment struct) {
        return struct.get(U32, DEV_ID_OFFSET);
    }

    public static void devId(MemorySegment struct, int value) {
        struct.set(U32, DEV_ID_OFFSET, value);
    }

    public static int outVdeviceId(MemorySegment struct) {
        return struct.get(U32, OUT_VDEVICE_ID_OFFSET);
    }

    public static void outVdeviceId(MemorySegment struct, int value) {
        struct.set(U32, OUT_VDEVICE_ID_OFFSET, value);
    }

    public static long virtId(MemorySegment struct) {
        return struct.get(U64, VIRT_ID_OFFSET);
    }

    public static void virtId(MemorySegment struct, long value) {
        struct.set(U64, VIRT_ID_OFFSET, value);
    }
}
