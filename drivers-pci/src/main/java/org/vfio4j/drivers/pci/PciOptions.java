// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import java.util.Locale;
import org.vfio4j.spi.device.DriverEnvironment;

/**
 * The driver's tunables (kernel: module parameters), latched per device when it is probed. Spec: pci §2.1.
 *
 * @param disableDenylist take functions known not to be safe
 * @param exclusiveIntx do not use the COMMAND register to silence INTx ({@code nointxmask})
 */
record PciOptions(boolean disableDenylist, boolean exclusiveIntx) {
    static final String ENABLE_SRIOV = "enable_sriov";
    static final String NO_INTX_MASK = "nointxmask";

    static PciOptions of(DriverEnvironment environment) {
        return new PciOptions(flag(environment, "disable_denylist"), flag(environment, NO_INTX_MASK));
    }

    /** Whether administrators may have virtual functions made; asked each time, as it can be changed. */
    static boolean enableSriov(DriverEnvironment environment) {
        return flag(environment, ENABLE_SRIOV);
    }

    /** Truth as the kernel reads a boolean parameter: the bare name means yes. */
    private static boolean flag(DriverEnvironment environment, String name) {
        return environment
                .option(name)
                .map(text -> switch (text.strip().toLowerCase(Locale.ROOT)) {
                    case "", "1", "y", "yes", "on", "t", "true" -> true;
                    default -> false;
                })
                .orElse(false);
    }
}
