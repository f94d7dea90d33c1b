// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * How the uAPI stores its numbers: little-endian, in two's complement, at any address.
 *
 * <p>Alignment is not asked for, because a caller may place a struct anywhere and the kernel copies it all the same.
 */
public final class UapiLayouts {
    /** {@code __u8}. */
    public static final ValueLayout.OfByte U8 = ValueLayout.JAVA_BYTE;

    /** {@code __u16}. */
    public static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** {@code __u32}: the sign bit is the highest bit. */
    public static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** {@code __s32}: file descriptors. */
    public static final ValueLayout.OfInt S32 = U32;

    /** {@code __u64}, {@code __le64} and pointers: the sign bit is the highest bit. */
    public static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private UapiLayouts() {}
}
