// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import static org.vfio4j.backend.spapr.Refusal.hex;

import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.Capability;
import org.vfio4j.spi.memory.LockedMemory;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.uapi.Errno;

/**
 * Charges locked memory to the caller's address space, against the caller's limit and capability of that moment (kernel:
 * {@code account_locked_vm}). Thread-safe. Spec: spapr §4, §7 C6, §8 R2.
 */
final class Accounting {
    private final int pageShift;

    Accounting(PhysicalMemory physical) {
        this.pageShift = Integer.numberOfTrailingZeros(physical.pageSize());
    }

    /**
     * Charges bytes, rounded down to whole pages.
     *
     * @param bytes unsigned
     * @throws org.vfio4j.uapi.VfioException ENOMEM when the sum would exceed the limit; equal to it is allowed
     */
    Charge charge(String operation, Caller caller, long bytes) {
        long pages = bytes >>> pageShift;
        long limit = limitPages(caller);
        LockedMemory account = caller.memory().lockedMemory();
        if (!account.tryCharge(pages, limit)) {
            throw Refusal.of(
                    Errno.ENOMEM,
                    operation,
                    hex(bytes) + " bytes are " + pages + " pages more than the " + account.pages()
                            + " locked now, and the limit is " + limit + " pages");
        }
        return new Charge(account, pages);
    }

    private long limitPages(Caller caller) {
        if (caller.capable(Capability.IPC_LOCK)) {
            return Long.MAX_VALUE;
        }
        long bytes = caller.memlockLimit();
        return bytes == Long.MAX_VALUE ? bytes : bytes >>> pageShift;
    }
}
