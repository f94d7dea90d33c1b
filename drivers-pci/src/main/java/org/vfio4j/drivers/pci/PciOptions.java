// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import java.util.List;
import org.vfio4j.spi.device.DriverEnvironment;
import org.vfio4j.spi.module.KernelModule;

/**
 * The driver's tunables (kernel: module parameters), latched per device when it is probed. Spec: pci §2.1.
 *
 * @param disableDenylist take functions known not to be safe
 * @param exclusiveIntx do not use the COMMAND register to silence INTx ({@code nointxmask})
 */
record PciOptions(boolean disableDenylist, boolean exclusiveIntx) {
    private static final int SHOWN = 0444;

    private static final KernelModule.Parameter DISABLE_DENYLIST =
            new KernelModule.Parameter("disable_denylist", KernelModule.Kind.BOOL, "N", SHOWN);
    private static final KernelModule.Parameter NOINTXMASK =
            new KernelModule.Parameter("nointxmask", KernelModule.Kind.BOOL, "N");

    private static final KernelModule.Parameter ENABLE_SRIOV =
            new KernelModule.Parameter("enable_sriov", KernelModule.Kind.BOOL, "N");

    /** Functions to bind at start, which the core looks after. */
    private static final KernelModule.Parameter IDS = new KernelModule.Parameter("ids", KernelModule.Kind.TEXT, "", 0);

    /** The module with its parameters. */
    static KernelModule module() {
        return new KernelModule("vfio_pci", List.of(IDS, NOINTXMASK, ENABLE_SRIOV, DISABLE_DENYLIST));
    }

    static PciOptions of(DriverEnvironment environment) {
        return new PciOptions(flag(environment, DISABLE_DENYLIST), flag(environment, NOINTXMASK));
    }

    /** Whether administrators may have virtual functions made; asked each time, as it can be changed. */
    static boolean enableSriov(DriverEnvironment environment) {
        return flag(environment, ENABLE_SRIOV);
    }

    private static boolean flag(DriverEnvironment environment, KernelModule.Parameter parameter) {
        return environment.option(parameter.name()).filter("Y"::equals).isPresent();
    }
}
