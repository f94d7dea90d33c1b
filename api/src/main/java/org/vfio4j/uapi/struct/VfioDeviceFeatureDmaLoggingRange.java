// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * One range of IOVAs to be watched.
 *
 * <pre>{@code
 * struct vfio_device_feature_dma_logging_range {
 *     __u64 iova;    //  0
 *     __u64 length;  //  8  bytes
 * };                 // 16 bytes
 * }</pre>
 */
public final class VfioDeviceFeatureDmaLoggingRange {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 16;

    public static final int IOVA_OFFSET = 0;
    public static final int LENGTH_OFFSET = 8;

    private VfioDeviceFeatureDmaLoggingRange() {}

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
}
