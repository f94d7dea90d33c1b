// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.memory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The one place where memory that may vanish is touched. Its owner may close its arena at any moment, and whoever has
 * the file behind a mapping may truncate it; neither may end in anything but "false".
 *
 * <p>The JVM reports the touch of a page that is gone late: compiled code runs on and finds an {@link InternalError} at
 * its next safepoint poll, which may well be outside the try block that did the access. Every guarded access therefore
 * ends with a poll inside its try block.
 */
final class GuardedCopy {
    /** Always 1. Volatile, so that no compiler knows how often a loop up to it turns. */
    @SuppressWarnings("FieldMayBeFinal")
    private static volatile int lastTurn = 1;

    /** Written so that no compiler leaves reads out because nobody uses their values. */
    @SuppressWarnings("unused")
    private static volatile int touched;

    private GuardedCopy() {}

    /** Copies between segments whose ranges the caller has checked; false when one of them is gone. */
    static boolean copy(MemorySegment source, long sourceOffset, MemorySegment target, long targetOffset, long length) {
        try {
            MemorySegment.copy(source, sourceOffset, target, targetOffset, length);
            poll();
            return true;
        } catch (IllegalStateException | InternalError gone) {
            return false;
        }
    }

    /**
     * Whether every page of a range is there: populates a file mapping page by page. Other memory is there as long as
     * its scope is alive.
     */
    static boolean populate(MemorySegment segment, long offset, long length, int pageSize) {
        try {
            if (segment.isMapped()) {
                // One byte of each page the range touches; its first page may be touched in the middle.
                int bytes = segment.get(ValueLayout.JAVA_BYTE, offset);
                long inPage = (segment.address() + offset) & (pageSize - 1);
                for (long next = pageSize - inPage; next < length; next += pageSize) {
                    bytes += segment.get(ValueLayout.JAVA_BYTE, offset + next);
                }
                touched = bytes;
                poll();
            }
            return segment.scope().isAlive();
        } catch (IllegalStateException | InternalError gone) {
            return false;
        }
    }

    /**
     * Makes the JVM throw what it still has to report: a loop of unknown length polls at its back edge, and this one
     * takes that once.
     */
    private static void poll() {
        int turn = 0;
        while (turn < lastTurn) {
            turn++;
        }
    }
}
