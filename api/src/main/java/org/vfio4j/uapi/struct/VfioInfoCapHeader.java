// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.vfio4j.uapi.struct.UapiLayouts.U16;
import static org.vfio4j.uapi.struct.UapiLayouts.U32;

import java.lang.foreign.MemorySegment;

/**
 * Head of every entry in a capability chain behind an info struct.
 *
 * <pre>{@code
 * struct vfio_info_cap_header {
 *     __u16 id;       //  0  which capability
 *     __u16 version;  //  2  its version
 *     __u32 next;     //  4  next one, from the start of the info struct; 0 if last
 * };                  //  8 bytes
 * }</pre>
 */
public final class VfioInfoCapHeader {
    /** {@code sizeof}, in bytes. */
    public static final int SIZEOF = 8;

    public static final int ID_OFFSET = 0;
    public static final int VERSION_OFFSET = 2;
    public static final int NEXT_OFFSET = 4;

    private VfioInfoCapHeader() {}

    public static int id(MemorySegment struct) {
        return Short.toUnsignedInt(struct.get(U16, ID_OFFSET));
    }

    public static void id(MemorySegment struct, int value) {
        struct.set(U16, ID_OFFSET, (short) value);
    }

    public static int version(MemorySegment struct) {
        return Short.toUnsignedInt(struct.get(U16, VERSION_OFFSET));
    }

    public static void version(MemorySegment struct, int value) {
        struct.set(U16, VERSION_OFFSET, (short) value);
    }

    public static int next(MemorySegment struct) {
        return struct.get(U32, NEXT_OFFSET);
    }

    public static void next(MemorySegment struct, int value) {
        struct.set(U32, NEXT_OFFSET, value);
    }
}
