// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.device.DeviceOps.TokenMatch;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * What tokens mean for one function (kernel: {@code vfio_pci_validate_vf_token}). Spec: pci §18.4, §18.5.
 *
 * @param name of the function
 * @param own a physical function's token; null for others
 * @param shared for a virtual function that this driver had its physical function make, that one's token; null for others
 * @param virtual whether it is a virtual function
 */
record TokenRole(
        String name, @Nullable VfToken own, @Nullable VfToken shared, boolean virtual) implements TokenMatch {
    @Override
    public void check(@Nullable UUID given) {
        if (shared != null) {
            shared.checkForVirtual(name, given);
        } else if (own != null) {
            own.checkForPhysical(name, given);
        } else if (given != null) {
            throw new VfioException(
                    Errno.EINVAL,
                    "pci §18.5",
                    name + " was given the token " + given
                            + (virtual
                                    ? ", but its physical function is not driven by " + VfioPciProvider.NAME
                                    : ", but is neither a physical nor a virtual function"));
        }
    }

    /** The function has been opened for the first time. */
    void opened() {
        if (shared != null) {
            shared.addUser();
        }
    }

    /** The function is being closed for the last time. */
    void closing() {
        if (shared != null) {
            shared.removeUser();
        }
    }
}
