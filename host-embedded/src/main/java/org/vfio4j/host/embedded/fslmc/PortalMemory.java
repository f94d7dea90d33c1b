// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.fslmc;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The bytes of a region: registers are aligned little-endian words of 8 bytes. A word is stored after everything that was
 * stored before it.
 *
 * @param segment all bytes of the region
 */
record PortalMemory(MemorySegment segment) {
    private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle WORD_HANDLE = WORD.varHandle();

    long get(long offset) {
        return (long) WORD_HANDLE.getAcquire(segment, offset);
    }

    void set(long offset, long value) {
        WORD_HANDLE.setRelease(segment, offset, value);
    }
}
