// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.Capability;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Charges entries to the locked memory of those who mapped them (kernel: {@code vfio_lock_acct}). An entry knows what it is
 * charged, so whatever happens to it the same number is given back. Spec: type1 §9.4-9.6.
 */
final class Accounting {
    private final int pageShift;

    Accounting(int basePageSize) {
        this.pageShift = Integer.numberOfTrailingZeros(basePageSize);
    }

    /** Bytes in pages. */
    long pages(long bytes) {
        return bytes >>> pageShift;
    }

    static boolean exempt(Caller caller) {
        return caller.capable(Capability.IPC_LOCK);
    }

    /** Pages that may be charged for an entry at this moment. */
    long room(DmaEntry entry) {
        long limit = limit(entry.owner, entry.lockExempt);
        return limit == Long.MAX_VALUE
                ? limit
                : limit - entry.memory.lockedMemory().pages();
    }

    /**
     * Changes what an entry's owner is charged for it. Only more is limited: no pages at all are never too many, however
     * low the limit became meanwhile.
     *
     * @param pages what the entry counts from now on
     * @throws VfioException ENOMEM above the owner's limit
     */
    void charge(DmaEntry entry, long pages) {
        long more = pages - entry.chargedPages;
        if (more > 0) {
            long limit = limit(entry.owner, entry.lockExempt);
            if (!entry.memory.lockedMemory().tryCharge(more, limit)) {
                throw overLimit(entry, more);
            }
        } else if (more < 0) {
            entry.memory.lockedMemory().uncharge(-more);
        }
        entry.chargedPages = pages;
    }

    /** Changes the charge to what stays when a mapping's hardware part is gone; cannot be refused. */
    void settle(DmaEntry entry, long pages) {
        long fewer = entry.chargedPages - pages;
        if (fewer > 0) {
            entry.memory.lockedMemory().uncharge(fewer);
        } else if (fewer < 0) {
            // Pages pinned one by one, where the whole entry was a device's memory, which counts nothing.
            entry.memory.lockedMemory().tryCharge(-fewer, Long.MAX_VALUE);
        }
        entry.chargedPages = pages;
    }

    /**
     * Makes a caller the one who is charged.
     *
     * @throws VfioException ENOMEM above the caller's limit; the old owner stays then
     */
    void transfer(DmaEntry entry, Caller caller) {
        boolean exempt = exempt(caller);
        long limit = limit(caller, exempt);
        long pages = entry.chargedPages;
        if (!caller.memory().lockedMemory().tryCharge(pages, limit)) {
            throw overLimit(pages, caller.memory().lockedMemory().pages(), limit);
        }
        entry.memory.lockedMemory().uncharge(pages);
        entry.owner = caller;
        entry.memory = caller.memory();
        entry.lockExempt = exempt;
    }

    /** What answers a charge of more pages than there is room for. */
    VfioException overLimit(DmaEntry entry, long pages) {
        return overLimit(pages, entry.memory.lockedMemory().pages(), limit(entry.owner, entry.lockExempt));
    }

    private static VfioException overLimit(long pages, long locked, long limit) {
        return Refusal.of(
                Errno.ENOMEM,
                "MAP_DMA",
                pages + " pages more would exceed the locked-memory limit of " + limit + " pages, " + locked
                        + " are locked");
    }

    private long limit(Caller caller, boolean exempt) {
        if (exempt) {
            return Long.MAX_VALUE;
        }
        long bytes = caller.memlockLimit();
        return bytes == Long.MAX_VALUE ? bytes : bytes >>> pageShift;
    }
}
