// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.memory;

import java.util.concurrent.atomic.AtomicLong;
import org.vfio4j.spi.memory.LockedMemory;

/**
 * A counter of locked pages (kernel: {@code mm->locked_vm}, {@code user->locked_vm}). Lock-free; does not allocate.
 * Spec: type1 §9.4.
 */
public final class PageCounter implements LockedMemory {
    private final AtomicLong pages = new AtomicLong();

    /** Starts at 0. */
    public PageCounter() {}

    @Override
    public boolean tryCharge(long more, long limitPages) {
        requireNotNegative(more);
        while (true) {
            long now = pages.get();
            // Written so that neither a huge charge nor "no limit" overflows.
            if (more > limitPages - now || more > Long.MAX_VALUE - now) {
                return false;
            }
            if (pages.compareAndSet(now, now + more)) {
                return true;
            }
        }
    }

    @Override
    public void uncharge(long fewer) {
        requireNotNegative(fewer);
        while (true) {
            long now = pages.get();
            if (fewer > now) {
                throw new IllegalStateException("uncharge of " + fewer + " pages, but only " + now + " are charged");
            }
            if (pages.compareAndSet(now, now - fewer)) {
                return;
            }
        }
    }

    @Override
    public long pages() {
        return pages.get();
    }

    private static void requireNotNegative(long pages) {
        if (pages < 0) {
            throw new IllegalArgumentException("negative number of pages: " + pages);
        }
    }

    @Override
    public String toString() {
        return pages + " pages";
    }
}
