// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * One part of a region that goes into a dma-buf.
 *
 * <pre>{@code
 * struct vfio_region_dma_range {
 *     __u64 offset;  //  0  bytes from the start of the region
 *     __u64 length;  //  8  bytes
 * };                 // 16 bytes
 * }</pre>
 */
public final class VfioRegionDmaRange {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 16;

    public static final int OFFSET_OFFSET = 0;
    public static final int LENGTH_OFFSET = 8;

    private VfioRegionDmaRange() {}

    public static long offset(MemorySegment struct) {
        return struct.get(U64, OFFSET_OFFSET);
    }

    public static void offset(MemorySegment struct, long value) {
        struct.set(U64, OFFSET_OFFSET, value);
    }

    public static long length(MemorySegment struct) {
        return struct.get(U64, LENGTH_OFFSET);
    }

    public static void length(MemorySegment struct, long value) {
        struct.set(U64, LENGTH_OFFSET, value);
    }
}
