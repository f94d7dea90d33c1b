// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;

import java.lang.foreign.MemorySegment;

/**
 * Destroys an object of an iommufd.
 *
 * <p>Argument of {@link org.vfio4j.uapi.IommufdIoctl#IOMMU_DESTROY}.
 *
 * <pre>{@code
 * struct iommu_destroy {
 *     __u32 size;  //  0  bytes the caller offers
 *     __u32 id;    //  4  the object
 * };               //  8 bytes
 * }</pre>
 */
public final class IommuDestroy {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 8;

    /** The least {@code size} the kernel accepts. */
    public static final int MIN_SIZE = 8;

    public static final int SIZE_OFFSET = 0;
    public static final int ID_OFFSET = 4;

    private IommuDestroy() {}

    public static int size(MemorySegment struct) {
        return struct.get(U32, SIZE_OFFSET);
    }

    public static void size(MemorySegment struct, int value) {
        struct.set(U32, SIZE_OFFSET, value);
    }

    public static int id(MemorySegment struct) {
        return struct.get(U32, ID_OFFSET);
    }

    public static void id(MemorySegment struct, int value) {
        struct.set(U32, ID_OFFSET, value);
    }
}
