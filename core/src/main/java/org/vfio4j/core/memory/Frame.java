// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.memory;

import java.util.concurrent.atomic.AtomicLong;
import org.vfio4j.spi.memory.BackingMemory;

/**
 * One backing object in the {@link FrameTable}: where it lies and who still needs it.
 *
 * <p>Pins are refused once the owner took the memory out, so "removed and no pins" is reached exactly once; whoever gets
 * there releases.
 */
final class Frame {
    /** The owner took the memory out; as what {@link #unpin} answers: nobody is left, it must be released. */
    static final long REMOVED = Long.MIN_VALUE;

    final BackingMemory backing;
    /** Place of byte 0: the low 30 bits of the alignment address. */
    final long base;

    final long size;

    /** Pins in pages, plus {@link #REMOVED}. */
    private final AtomicLong state = new AtomicLong();

    Frame(BackingMemory backing, long base, long size) {
        this.backing = backing;
        this.base = base;
        this.size = size;
    }

    /** Whether all bytes from a place on are in the object. */
    boolean holds(long place, long length) {
        long offset = place - base;
        return offset >= 0 && length >= 0 && offset <= size - length;
    }

    /** Adds pins, unless the owner took the memory out. */
    boolean pin(long pages) {
        while (true) {
            long now = state.get();
            if (now < 0) {
                return false;
            }
            if (state.compareAndSet(now, now + pages)) {
                return true;
            }
        }
    }

    /** Takes pins back; returns those that are left, plus {@link #REMOVED} if the owner took the memory out. */
    long unpin(long pages) {
        while (true) {
            long now = state.get();
            if ((now & ~REMOVED) < pages) {
                throw new IllegalStateException(
                        "unpin of " + pages + " pages, but only " + (now & ~REMOVED) + " are pinned in " + backing);
            }
            if (state.compareAndSet(now, now - pages)) {
                return now - pages;
            }
        }
    }

    /** The owner takes the memory out; returns whether it must be released now. A second call has no effect. */
    boolean remove() {
        return state.getAndUpdate(now -> now | REMOVED) == 0;
    }

    long pins() {
        return state.get() & ~REMOVED;
    }
}
