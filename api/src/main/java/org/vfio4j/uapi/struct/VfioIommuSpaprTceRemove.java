// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;
import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * Removes a DMA window.
 *
 * <p>Argument of {@link org.vfio4j.uapi.VfioIoctl#VFIO_IOMMU_SPAPR_TCE_REMOVE}.
 *
 * <pre>{@code
 * struct vfio_iommu_spapr_tce_remove {
 *     __u32 argsz;       //  0  bytes the caller offers
 *     __u32 flags;       //  4  none defined
 *     __u64 start_addr;  //  8  bus address
 * };                     // 16 bytes
 * }</pre>
 */
public final class VfioIommuSpaprTceRemove {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 16;

    /** The least {@code argsz} the kernel accepts. */
    public static final int MIN_ARGSZ = 16;

    public static final int ARGSZ_OFFSET = 0;
    public static final int FLAGS_OFFSET = 4;
    public static final int START_ADDR_OFFSET = 8;

    private VfioIommuSpaprTceRemove() {}

    public static int argsz(MemorySegment struct) {
        return struct.get(U32, ARGSZ_OFFSET);
    }

    public static void argsz(MemorySegment struct, int value) {
        struct.set(U32, ARGSZ_OFFSET, value);
    }

    public static int flags(MemorySegment struct) {
        return struct.get(U32, FLAGS_OFFSET);
    }

    public static void flags(MemorySegment struct, int value) {
        struct.set(U32, FLAGS_OFFSET, value);
    }

    public static long startAddr(MemorySegment struct) {
        return struct.get(U64, START_ADDR_OFFSET);
    }

    public static void startAddr(MemorySegment struct, long value) {
        struct.set(U64, START_ADDR_OFFSET, value);
    }
}
