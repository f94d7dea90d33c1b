// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import static org.vfio4j.backend.spapr.Refusal.hex;

import org.vfio4j.spi.call.Caller;
import org.vfio4j.uapi.Errno;

/** REGISTER_MEMORY and UNREGISTER_MEMORY of version 2. Thread-safe; does not hold up MAP. Spec: spapr §8. */
final class Registration {
    private static final String REGISTER = "REGISTER_MEMORY";
    private static final String UNREGISTER = "UNREGISTER_MEMORY";

    private final InstanceState state;

    Registration(InstanceState state) {
        this.state = state;
    }

    /** What comes before the argument is read. @throws org.vfio4j.uapi.VfioException EPERM, ENOTTY */
    void prepareRegister(Caller caller) {
        state.owner.requireNotForeign(REGISTER, caller);
        state.requireVersion(REGISTER, true);
        state.owner.bind(REGISTER, caller);
    }

    /** @throws org.vfio4j.uapi.VfioException EPERM, ENOTTY, EINVAL, EBUSY, ENOMEM, EFAULT */
    void register(Caller caller, long vaddr, long size) {
        prepareRegister(caller);
        requireWholePages(REGISTER, vaddr, size);
        if (Long.compareUnsigned(vaddr + size, vaddr) < 0) {
            throw Refusal.of(Errno.EINVAL, REGISTER, hex(size) + " bytes at " + hex(vaddr) + " wrap");
        }
        state.owner.regions(REGISTER).register(caller, vaddr, size, state.registered);
        state.enabled = true;
    }

    /** What comes before the argument is read. @throws org.vfio4j.uapi.VfioException EPERM, ENOTTY */
    void prepareUnregister(Caller caller) {
        state.owner.requireNotForeign(UNREGISTER, caller);
        state.requireVersion(UNREGISTER, true);
        state.owner.regions(UNREGISTER);
    }

    /** @throws org.vfio4j.uapi.VfioException EPERM, ENOTTY, EINVAL, ENOENT */
    void unregister(Caller caller, long vaddr, long size) {
        prepareUnregister(caller);
        requireWholePages(UNREGISTER, vaddr, size);
        state.owner.regions(UNREGISTER).unregister(vaddr, size, state.registered);
    }

    private void requireWholePages(String operation, long vaddr, long size) {
        int pageSize = state.physical.pageSize();
        if (((vaddr | size) & (pageSize - 1)) != 0) {
            throw Refusal.of(
                    Errno.EINVAL,
                    operation,
                    hex(size) + " bytes at " + hex(vaddr) + " are not whole pages of " + pageSize + " bytes");
        }
    }
}
