// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;

import java.lang.foreign.MemorySegment;

/**
 * Moves the accounting of file mappings to the calling process.
 *
 * <p>Argument of {@link org.vfio4j.uapi.IommufdIoctl#IOMMU_IOAS_CHANGE_PROCESS}.
 *
 * <pre>{@code
 * struct iommu_ioas_change_process {
 *     __u32 size;        //  0  bytes the caller offers
 *     __u32 __reserved;  //  4
 * };                     //  8 bytes
 * }</pre>
 */
public final class IommuIoasChangeProcess {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 8;

    /** The least {@code size} the kernel accepts. */
    public static final int MIN_SIZE = 8;

    public static final int SIZE_OFFSET = 0;
    public static final int RESERVED_OFFSET = 4;

    private IommuIoasChangeProcess() {}

    public static int size(MemorySegment struct) {
        return struct.get(U32, SIZE_OFFSET);
    }

    public static void size(MemorySegment struct, int value) {
        struct.set(U32, SIZE_OFFSET, value);
    }

    public static int reserved(MemorySegment struct) {
        return struct.get(U32, RESERVED_OFFSET);
    }

    public static void reserved(MemorySegment struct, int value) {
        struct.set(U32, RESERVED_OFFSET, value);
    }
}
