// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.ffm;

import static org.vfio4j.ffm.SystemCall.INT;
import static org.vfio4j.ffm.SystemCall.LONG;
import static org.vfio4j.ffm.SystemCall.POINTER;
import static org.vfio4j.ffm.SystemCall.captured;
import static org.vfio4j.ffm.SystemCall.mistake;
import static org.vfio4j.ffm.SystemCall.result;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Advice to the kernel about this process's memory. */
public final class LinuxMemory {
    /** {@code MADV_HUGEPAGE}: back the range with huge pages when it is populated. */
    public static final int ADVICE_HUGE_PAGE = 14;

    /** {@code MADV_COLLAPSE}: gather what is populated into huge pages now; since Linux 6.1. */
    public static final int ADVICE_COLLAPSE = 25;

    private static final MethodHandle MADVISE =
            SystemCall.bind("madvise", FunctionDescriptor.of(INT, POINTER, LONG, INT));

    private LinuxMemory() {}

    /**
     * {@code madvise(2)}.
     *
     * @param memory native memory that starts at a page
     * @param advice one of the constants here
     * @return 0, or the errno, negated
     */
    public static int advise(MemorySegment memory, int advice) {
        try {
            return (int) result((int) MADVISE.invokeExact(captured(), memory, memory.byteSize(), advice));
        } catch (Throwable t) {
            throw mistake(t);
        }
    }
}
