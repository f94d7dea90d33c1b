// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Moves bytes of segments on the heap, which the kernel cannot reach, through native memory of the thread. */
final class HeapBounce {
    private static final int SIZE = 16 << 10;

    private static final ThreadLocal<MemorySegment> BOUNCES =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(SIZE, Long.BYTES));

    private HeapBounce() {}

    /** Moves a part of native memory from or to an address of the program; false when it is not there. */
    interface Mover {
        boolean move(long address, MemorySegment part);
    }

    /** Fills a segment from an address of the program. */
    static boolean read(Mover mover, long address, MemorySegment target) {
        if (target.isNative()) {
            return mover.move(address, target);
        }
        for (long done = 0; done < target.byteSize(); ) {
            MemorySegment part = BOUNCES.get().asSlice(0, Math.min(SIZE, target.byteSize() - done));
            if (!mover.move(address + done, part)) {
                return false;
            }
            MemorySegment.copy(part, 0, target, done, part.byteSize());
            done += part.byteSize();
        }
        return true;
    }

    /** Writes a segment to an address of the program. */
    static boolean write(Mover mover, long address, MemorySegment source) {
        if (source.isNative()) {
            return mover.move(address, source);
        }
        for (long done = 0; done < source.byteSize(); ) {
            MemorySegment part = BOUNCES.get().asSlice(0, Math.min(SIZE, source.byteSize() - done));
            MemorySegment.copy(source, done, part, 0, part.byteSize());
            if (!mover.move(address + done, part)) {
                return false;
            }
            done += part.byteSize();
        }
        return true;
    }
}
