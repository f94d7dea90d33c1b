// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U32;
import static org.vfio4j.uapi.struct.UapiLayouts.U64;

import java.lang.foreign.MemorySegment;

/**
 * An error to inject for enhanced error handling.
 *
 * <pre>{@code
 * struct vfio_eeh_pe_err {
 *     __u32 type;  //  0
 *     __u32 func;  //  4
 *     __u64 addr;  //  8
 *     __u64 mask;  // 16
 * };               // 24 bytes
 * }</pre>
 */
public final class VfioEehPeErr {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 24;

    public static final int TYPE_OFFSET = 0;
    public static final int FUNC_OFFSET = 4;
    public static final int ADDR_OFFSET = 8;
    public static final int MASK_OFFSET = 16;

    private VfioEehPeErr() {}

    public static int type(MemorySegment struct) {
        return struct.get(U32, TYPE_OFFSET);
    }

    public static void type(MemorySegment struct, int value) {
        struct.set(U32, TYPE_OFFSET, value);
    }

    public static int func(MemorySegment struct) {
        return struct.get(U32, FUNC_OFFSET);
    }

    public static void func(MemorySegment struct, int value) {
        struct.set(U32, FUNC_OFFSET, value);
    }

    public static long addr(MemorySegment struct) {
        return struct.get(U64, ADDR_OFFSET);
    }

    public static void addr(MemorySegment struct, long value) {
        struct.set(U64, ADDR_OFFSET, value);
    }

    public static long mask(MemorySegment struct) {
        return struct.get(U64, MASK_OFFSET);
    }

    public static void mask(MemorySegment struct, long value) {
        struct.set(U64, MASK_OFFSET, value);
    }
}
