// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

import java.util.concurrent.atomic.AtomicLong;
import org.vfio4j.spi.memory.LockedMemory;

/** What one program's memory has locked (kernel: {@code mm->locked_vm}). Lock-free. */
final class LockedPages implements LockedMemory {
    private final AtomicLong pages = new AtomicLong();

    @Override
    public boolean tryCharge(long more, long limitPages) {
        if (more < 0) {
            throw new IllegalArgumentException("negative number of pages: " + more);
        }
        while (true) {
            long now = pages.get();
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
        if (fewer < 0 || pages.addAndGet(-fewer) < 0) {
            throw new IllegalStateException("uncharge of " + fewer + " pages leaves " + pages.get());
        }
    }

    @Override
    public long pages() {
        return pages.get();
    }
}
