// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * Feature DMA_LOGGING_REPORT: the pages a device has written since the last report.
 *
 * <pre>{@code
 * struct vfio_device_feature_dma_logging_report {
 *     __u64 iova;       //  0
 *     __u64 length;     //  8  bytes
 *     __u64 page_size;  // 16  bytes per bit
 *     __u64 bitmap;     // 24  address of the u64 words
 * };                    // 32 bytes
 * }</pre>
 */
public final class VfioDeviceFeatureDmaLoggingReport {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 32;

    public static final int IOVA_OFFSET = 0;
    public static final int LENGTH_OFFSET = 8;
    public static final int PAGE_SIZE_OFFSET = 16;
    public static final int BITMAP_OFFSET = 24;

    private VfioDeviceFeatureDmaLoggingReport() {}

    public static long iova(MemorySegment struct) {
        return struct.get(U64, IOVA_OFFSET);
    }

    public static void iova(MemorySegment struct, long value) {
        struct.set(U64, IOVA_OFFSET, value);
    }

    public static long length(MemorySegment struct) {
        return struct.get(U64, LENGTH_OFFSET);
    }

    public static void length(MemorySegment struct, long value) {
        struct.set(U64, LENGTH_OFFSET, value);
    }

    public static long pageSize(MemorySegment struct) {
        return struct.get(U64, PAGE_SIZE_OFFSET);
    }

    public static void pageSize(MemorySegment struct, long value) {
        struct.set(U64, PAGE_SIZE_OFFSET, value);
    }

    public static long bitmap(MemorySegment struct) {
        return struct.get(U64, BITMAP_OFFSET);
    }

    public static void bitmap(MemorySegment struct, long value) {
        struct.set(U64, BITMAP_OFFSET, value);
    }
}
