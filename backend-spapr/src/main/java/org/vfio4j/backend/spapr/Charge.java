// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import org.vfio4j.spi.memory.LockedMemory;

/** Pages charged to an address space, so that exactly those are given back. Whoever holds it gives it back once. */
record Charge(LockedMemory account, long pages) {
    void giveBack() {
        account.uncharge(pages);
    }
}
