// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;
import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * Head of the region of the withdrawn first migration protocol; kept for its layout only.
 *
 * <pre>{@code
 * struct vfio_device_migration_info {
 *     __u32 device_state;   //  0  VFIO_DEVICE_STATE_V1_*
 *     __u32 reserved;       //  4
 *     __u64 pending_bytes;  //  8
 *     __u64 data_offset;    // 16
 *     __u64 data_size;      // 24
 * };                        // 32 bytes
 * }</pre>
 */
public final class VfioDeviceMigrationInfo {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 32;

    public static final int DEVICE_STATE_OFFSET = 0;
    public static final int RESERVED_OFFSET = 4;
    public static final int PENDING_BYTES_OFFSET = 8;
    public static final int DATA_OFFSET_OFFSET = 16;
    public static final int DATA_SIZE_OFFSET = 24;

    private VfioDeviceMigrationInfo() {}

    public static int deviceState(MemorySegment struct) {
        return struct.get(U32, DEVICE_STATE_OFFSET);
    }

    public static void deviceState(MemorySegment struct, int value) {
        struct.set(U32, DEVICE_STATE_OFFSET, value);
    }

    public static int reserved(MemorySegment struct) {
        return struct.get(U32, RESERVED_OFFSET);
    }

    public static void reserved(MemorySegment struct, int value) {
        struct.set(U32, RESERVED_OFFSET, value);
    }

    public static long pendingBytes(MemorySegment struct) {
        return struct.get(U64, PENDING_BYTES_OFFSET);
    }

    public static void pendingBytes(MemorySegment struct, long value) {
        struct.set(U64, PENDING_BYTES_OFFSET, value);
    }

    public static long dataOffset(MemorySegment struct) {
        return struct.get(U64, DATA_OFFSET_OFFSET);
    }

    public static void dataOffset(MemorySegment struct, long value) {
        struct.set(U64, DATA_OFFSET_OFFSET, value);
    }

    public static long dataSize(MemorySegment struct) {
        return struct.get(U64, DATA_SIZE_OFFSET);
    }

    public static void dataSize(MemorySegment struct, long value) {
        struct.set(U64, DATA_SIZE_OFFSET, value);
    }
}
