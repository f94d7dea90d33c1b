// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioFeature;

/**
 * The features by which a user lets a function sleep: mappings go away until the user takes it back, other accesses wake
 * it for their duration. Spec: pci §16.2.
 */
final class LowPower {
    private static final int METHODS = VfioFeature.VFIO_DEVICE_FEATURE_GET | VfioFeature.VFIO_DEVICE_FEATURE_SET;

    /** Guarded by the memory lock, held exclusively; or by the dev_set lock once nobody uses the device. */
    private boolean engaged;

    /** LOW_POWER_ENTRY. */
    long enter(OpenFunction open, int flags) {
        if (onlyProbed(flags)) {
            return 0;
        }
        var memory = open.memory();
        memory.enterExclusive();
        try {
            if (engaged) {
                throw new VfioException(Errno.EINVAL, "LOW_POWER_ENTRY refused: low power was entered already");
            }
            engaged = true;
            memory.lowPower(true);
            memory.revokeMappings();
        } finally {
            memory.leaveExclusive();
        }
        return 0;
    }

    /** LOW_POWER_EXIT; no effect when not entered. */
    long exit(OpenFunction open, int flags) {
        if (onlyProbed(flags)) {
            return 0;
        }
        var memory = open.memory();
        memory.enterExclusive();
        try {
            engaged = false;
            memory.lowPower(false);
        } finally {
            memory.leaveExclusive();
        }
        return 0;
    }

    /** The last close. */
    void end() {
        engaged = false;
    }

    private static boolean onlyProbed(int flags) {
        if ((flags & VfioFeature.VFIO_DEVICE_FEATURE_GET) != 0) {
            throw new VfioException(Errno.EINVAL, "low power can be set, not read");
        }
        if ((flags & VfioFeature.VFIO_DEVICE_FEATURE_PROBE) != 0) {
            return true;
        }
        if ((flags & METHODS) == 0) {
            throw new VfioException(Errno.EINVAL, "neither GET, SET nor PROBE was asked for");
        }
        return false;
    }
}
