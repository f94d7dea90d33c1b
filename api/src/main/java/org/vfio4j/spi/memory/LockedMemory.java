// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.memory;

/**
 * A counter of locked pages (kernel: {@code mm->locked_vm}, {@code user->locked_vm}), in units of
 * {@link PhysicalMemory#pageSize()}. Thread-safe and lock-free.
 */
public interface LockedMemory {
    /**
     * Adds pages unless the sum would exceed the limit; equal to the limit is allowed.
     *
     * @param pages how many, not negative
     * @param limitPages the limit in pages; {@link Long#MAX_VALUE} for none
     * @return whether they were added
     */
    boolean tryCharge(long pages, long limitPages);

    /** Takes back pages charged before. */
    void uncharge(long pages);

    /** Pages charged at this moment. */
    long pages();
}
