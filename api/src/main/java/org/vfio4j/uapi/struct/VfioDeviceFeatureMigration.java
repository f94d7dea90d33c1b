// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * Feature MIGRATION: which migration states the device knows.
 *
 * <pre>{@code
 * struct vfio_device_feature_migration {
 *     __u64 flags;  //  0  VFIO_MIGRATION_*
 * };                //  8 bytes
 * }</pre>
 */
public final class VfioDeviceFeatureMigration {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 8;

    public static final int FLAGS_OFFSET = 0;

    private VfioDeviceFeatureMigration() {}

    public static long flags(MemorySegment struct) {
        return struct.get(U64, FLAGS_OFFSET);
    }

    public static void flags(MemorySegment struct, long value) {
        struct.set(U64, FLAGS_OFFSET, value);
    }
}
