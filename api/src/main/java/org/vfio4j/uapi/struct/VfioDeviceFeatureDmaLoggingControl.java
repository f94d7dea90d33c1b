// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;
import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * Feature DMA_LOGGING_START: what the device itself shall watch for writes.
 *
 * <pre>{@code
 * struct vfio_device_feature_dma_logging_control {
 *     __u64 page_size;   //  0  bytes, a wish
 *     __u32 num_ranges;  //  8
 *     __u32 __reserved;  // 12
 *     __u64 ranges;      // 16  address of the ranges
 * };                     // 24 bytes
 * }</pre>
 */
public final class VfioDeviceFeatureDmaLoggingControl {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 24;

    public static final int PAGE_SIZE_OFFSET = 0;
    public static final int NUM_RANGES_OFFSET = 8;
    public static final int RESERVED_OFFSET = 12;
    public static final int RANGES_OFFSET = 16;

    private VfioDeviceFeatureDmaLoggingControl() {}

    public static long pageSize(MemorySegment struct) {
        return struct.get(U64, PAGE_SIZE_OFFSET);
    }

    public static void pageSize(MemorySegment struct, long value) {
        struct.set(U64, PAGE_SIZE_OFFSET, value);
    }

    public static int numRanges(MemorySegment struct) {
        return struct.get(U32, NUM_RANGES_OFFSET);
    }

    public static void numRanges(MemorySegment struct, int value) {
        struct.set(U32, NUM_RANGES_OFFSET, value);
    }

    public static int reserved(MemorySegment struct) {
        return struct.get(U32, RESERVED_OFFSET);
    }

    public static void reserved(MemorySegment struct, int value) {
        struct.set(U32, RESERVED_OFFSET, value);
    }

    public static long ranges(MemorySegment struct) {
        return struct.get(U64, RANGES_OFFSET);
    }

    public static void ranges(MemorySegment struct, long value) {
        struct.set(U64, RANGES_OFFSET, value);
    }
}
