// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.process;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Buffers between a caller's memory and files: files see memory that cannot vanish under them, and user memory is touched
 * only where its absence is an EFAULT. A few are kept, so that register accesses do not allocate; when more calls run at
 * once the others make their own.
 */
final class BouncePool {
    private static final int KEPT = 8;

    private final AtomicReferenceArray<Bounce> idle = new AtomicReferenceArray<>(KEPT);

    Bounce take() {
        for (int i = 0; i < KEPT; i++) {
            if (idle.getPlain(i) != null) {
                Bounce bounce = idle.getAndSet(i, null);
                if (bounce != null) {
                    return bounce;
                }
            }
        }
        return new Bounce();
    }

    void giveBack(Bounce bounce) {
        for (int i = 0; i < KEPT; i++) {
            if (idle.getPlain(i) == null && idle.compareAndSet(i, null, bounce)) {
                return;
            }
        }
    }

    /** One buffer. Its memory goes with it, since a call may still use it when the process has ended. */
    static final class Bounce {
        /** Largest part moved at once, in bytes: what fits is one access to the file. */
        static final int SIZE = 64 << 10;

        private static final int LARGEST_REGISTER = 8;

        private final MemorySegment all = Arena.ofAuto().allocate(SIZE, LARGEST_REGISTER);
        private final MemorySegment[] registers = new MemorySegment[LARGEST_REGISTER + 1];

        Bounce() {
            for (int size = 0; size <= LARGEST_REGISTER; size++) {
                registers[size] = all.asSlice(0, size);
            }
        }

        /** The first bytes of the buffer. */
        MemorySegment first(int size) {
            return size <= LARGEST_REGISTER ? registers[size] : all.asSlice(0, size);
        }
    }
}
