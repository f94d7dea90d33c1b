// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.ffm;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * A descriptor of this process that several threads use and one closes. It is closed when its owner has closed it and the last
 * use has ended, so during a use its number never comes to mean another file. Thread-safe; counting neither locks nor allocates.
 */
public final class CountedDescriptor implements AutoCloseable {
    private final int number;

    /** The owner counts as one. */
    private final AtomicInteger uses = new AtomicInteger(1);

    /**
     * Owns a descriptor from now on.
     *
     * @param number not negative
     */
    public CountedDescriptor(int number) {
        this.number = number;
    }

    /** Begins a use; false, and nothing to end, when the descriptor is closed. */
    public boolean acquire() {
        return uses.getAndUpdate(now -> now == 0 ? 0 : now + 1) != 0;
    }

    /** The number, good during a use. */
    public int number() {
        return number;
    }

    /** Ends a use. */
    public void release() {
        if (uses.decrementAndGet() == 0) {
            LinuxFiles.close(number);
        }
    }

    /** The owner does not need it any more. To be called once. */
    @Override
    public void close() {
        release();
    }
}
