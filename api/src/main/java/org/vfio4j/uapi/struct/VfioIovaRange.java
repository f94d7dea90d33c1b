// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * A range of IOVAs a type1 container accepts.
 *
 * <pre>{@code
 * struct vfio_iova_range {
 *     __u64 start;  //  0  first IOVA
 *     __u64 end;    //  8  last IOVA, inclusive
 * };                // 16 bytes
 * }</pre>
 */
public final class VfioIovaRange {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 16;

    public static final int START_OFFSET = 0;
    public static final int END_OFFSET = 8;

    private VfioIovaRange() {}

    public static long start(MemorySegment struct) {
        return struct.get(U64, START_OFFSET);
    }

    public static void start(MemorySegment struct, long value) {
        struct.set(U64, START_OFFSET, value);
    }

    public static long end(MemorySegment struct) {
        return struct.get(U64, END_OFFSET);
    }

    public static void end(MemorySegment struct, long value) {
        struct.set(U64, END_OFFSET, value);
    }
}
