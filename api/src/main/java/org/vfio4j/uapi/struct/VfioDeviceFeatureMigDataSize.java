// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * Feature MIG_DATA_SIZE: an estimate of the data a stop-copy will yield.
 *
 * <pre>{@code
 * struct vfio_device_feature_mig_data_size {
 *     __u64 stop_copy_length;  //  0  bytes
 * };                           //  8 bytes
 * }</pre>
 */
public final class VfioDeviceFeatureMigDataSize {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 8;

    public static final int STOP_COPY_LENGTH_OFFSET = 0;

    private VfioDeviceFeatureMigDataSize() {}

    public static long stopCopyLength(MemorySegment struct) {
        return struct.get(U64, STOP_COPY_LENGTH_OFFSET);
    }

    public static void stopCopyLength(MemorySegment struct, long value) {
        struct.set(U64, STOP_COPY_LENGTH_OFFSET, value);
    }
}
