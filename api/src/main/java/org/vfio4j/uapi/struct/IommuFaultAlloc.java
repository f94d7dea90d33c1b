// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;

import java.lang.foreign.MemorySegment;

/**
 * Makes a queue for page faults.
 *
 * <p>Argument of {@link org.vfio4j.uapi.IommufdIoctl#IOMMU_FAULT_QUEUE_ALLOC}.
 *
 * <pre>{@code
 * struct iommu_fault_alloc {
 *     __u32 size;          //  0  bytes the caller offers
 *     __u32 flags;         //  4  none defined
 *     __u32 out_fault_id;  //  8
 *     __u32 out_fault_fd;  // 12
 * };                       // 16 bytes
 * }</pre>
 */
public final class IommuFaultAlloc {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 16;

    /** The least {@code size} the kernel accepts. */
    public static final int MIN_SIZE = 16;

    public static final int SIZE_OFFSET = 0;
    public static final int FLAGS_OFFSET = 4;
    public static final int OUT_FAULT_ID_OFFSET = 8;
    public static final int OUT_FAULT_FD_OFFSET = 12;

    private IommuFaultAlloc() {}

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

    public static int outFaultId(MemorySegment struct) {
        return struct.get(U32, OUT_FAULT_ID_OFFSET);
    }

    public static void outFaultId(MemorySegment struct, int value) {
        struct.set(U32, OUT_FAULT_ID_OFFSET, value);
    }

    public static int outFaultFd(MemorySegment struct) {
        return struct.get(U32, OUT_FAULT_FD_OFFSET);
    }

    public static void outFaultFd(MemorySegment struct, int value) {
        struct.set(U32, OUT_FAULT_FD_OFFSET, value);
    }
}
