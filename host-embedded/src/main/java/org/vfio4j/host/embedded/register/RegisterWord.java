// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.register;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Single accesses to registers that others map. A read sees what they wrote before what it reads (acquire), a write is not
 * seen before what was written earlier (release).
 *
 * <p>Somebody may have truncated the file: the JVM reports that late, at the next safepoint poll of compiled code. So each
 * access ends with a poll, and throws {@link InternalError} itself or not at all.
 */
final class RegisterWord {
    private static final VarHandle BYTE = ValueLayout.JAVA_BYTE.varHandle();
    private static final VarHandle SHORT =
            ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();
    private static final VarHandle INT =
            ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();
    private static final VarHandle LONG =
            ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

    /** Always 1. Volatile, so that no compiler knows how often a loop up to it turns. */
    @SuppressWarnings("FieldMayBeFinal")
    private static volatile int lastTurn = 1;

    private RegisterWord() {}

    /** Reads 1, 2, 4 or 8 bytes, zero-extended. */
    static long read(MemorySegment pages, long offset, int size) {
        long value = switch (size) {
            case 1 -> (byte) BYTE.getAcquire(pages, offset) & 0xffL;
            case 2 -> (short) SHORT.getAcquire(pages, offset) & 0xffffL;
            case 4 -> (int) INT.getAcquire(pages, offset) & 0xffff_ffffL;
            default -> (long) LONG.getAcquire(pages, offset);
        };
        poll();
        return value;
    }

    /** Writes 1, 2, 4 or 8 bytes. */
    static void write(MemorySegment pages, long offset, int size, long value) {
        switch (size) {
            case 1 -> BYTE.setRelease(pages, offset, (byte) value);
            case 2 -> SHORT.setRelease(pages, offset, (short) value);
            case 4 -> INT.setRelease(pages, offset, (int) value);
            default -> LONG.setRelease(pages, offset, value);
        }
        poll();
    }

    /** A loop of unknown length polls at its back edge, and this one takes that once. */
    private static void poll() {
        int turn = 0;
        while (turn < lastTurn) {
            turn++;
        }
    }
}
