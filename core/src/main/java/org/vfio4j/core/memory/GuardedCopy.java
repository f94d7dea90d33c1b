// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.memory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The one place where memory that may vanish is touched. Its owner may close its arena at any moment, and whoever has
 * the file behind a mapping may truncate it; neither may end in anything but "false".
 */
final class GuardedCopy {
    private GuardedCopy() {}

    /** Copies between segments whose ranges the caller has checked; false when one of them is gone. */
    static boolean copy(MemorySegment source, long sourceOffset, MemorySegment target, long targetOffset, long length) {
        try {
            MemorySegment.copy(source, sourceOffset, target, targetOffset, length);
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
                // The range's first byte of each page it touches; the first page may be touched in its middle.
                long inPage = (segment.address() + offset) & (pageSize - 1);
                segment.get(ValueLayout.JAVA_BYTE, offset);
                for (long next = pageSize - inPage; next < length; next += pageSize) {
                    segment.get(ValueLayout.JAVA_BYTE, offset + next);
                }
            }
            return segment.scope().isAlive();
        } catch (IllegalStateException | InternalError gone) {
            return false;
        }
    }
}
