// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import org.vfio4j.spi.call.Caller;
import org.vfio4j.uapi.Errno;

/** ENABLE and DISABLE of version 1: the worst case of the default window is charged at once. Thread-safe. Spec: spapr §4. */
final class Enabling {
    private static final String ENABLE = "ENABLE";
    private static final String DISABLE = "DISABLE";

    private final InstanceState state;

    Enabling(InstanceState state) {
        this.state = state;
    }

    /** @throws org.vfio4j.uapi.VfioException EPERM, ENOTTY, EBUSY, ENODEV, ENOMEM */
    void enable(Caller caller) {
        state.owner.requireNotForeign(ENABLE, caller);
        state.requireVersion(ENABLE, false);
        long stamp = state.configurationLock.writeLock();
        try {
            if (state.enabled) {
                throw Refusal.of(Errno.EBUSY, ENABLE, "the container is enabled already");
            }
            AttachedGroup group = state.groups.newest(ENABLE, Errno.ENODEV);
            long size = group.tables().tce32Size();
            if (size == 0) {
                throw Refusal.of(Errno.EPERM, ENABLE, group + " has no 32-bit window");
            }
            state.owner.bind(ENABLE, caller);
            state.enableCharge = state.accounting.charge(ENABLE, caller, size);
            state.enabled = true;
        } finally {
            state.configurationLock.unlockWrite(stamp);
        }
    }

    /** Mappings stay, out of reach until the next ENABLE. @throws org.vfio4j.uapi.VfioException EPERM, ENOTTY */
    void disable(Caller caller) {
        state.owner.requireNotForeign(DISABLE, caller);
        state.requireVersion(DISABLE, false);
        long stamp = state.configurationLock.writeLock();
        try {
            disableLocked();
        } finally {
            state.configurationLock.unlockWrite(stamp);
        }
    }

    /** With the configuration lock held for writing. */
    void disableLocked() {
        state.enabled = false;
        Charge charge = state.enableCharge;
        if (charge != null) {
            state.enableCharge = null;
            charge.giveBack();
        }
    }
}
