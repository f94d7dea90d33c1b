// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * A bitmap in the caller's memory, one bit per page.
 *
 * <pre>{@code
 * struct vfio_bitmap {
 *     __u64 pgsize;  //  0  bytes per bit
 *     __u64 size;    //  8  bytes of bitmap
 *     __u64 *data;   // 16  address of the bitmap
 * };                 // 24 bytes
 * }</pre>
 */
public final class VfioBitmap {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 24;

    public static final int PGSIZE_OFFSET = 0;
    public static final int SIZE_OFFSET = 8;
    public static final int DATA_OFFSET = 16;

    private VfioBitmap() {}

    public static long pgsize(MemorySegment struct) {
        return struct.get(U64, PGSIZE_OFFSET);
    }

    public static void pgsize(MemorySegment struct, long value) {
        struct.set(U64, PGSIZE_OFFSET, value);
    }

    public static long size(MemorySegment struct) {
        return struct.get(U64, SIZE_OFFSET);
    }

    public static void size(MemorySegment struct, long value) {
        struct.set(U64, SIZE_OFFSET, value);
    }

    public static long data(MemorySegment struct) {
        return struct.get(U64, DATA_OFFSET);
    }

    public static void data(MemorySegment struct, long value) {
        struct.set(U64, DATA_OFFSET, value);
    }
}
