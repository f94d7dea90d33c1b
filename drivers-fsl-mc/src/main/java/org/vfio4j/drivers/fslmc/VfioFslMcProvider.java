// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.fslmc;

import java.util.List;
import java.util.Optional;
import org.vfio4j.spi.device.BusDriver;
import org.vfio4j.spi.device.BusDriverProvider;
import org.vfio4j.spi.device.DriverEnvironment;
import org.vfio4j.spi.module.KernelModule;

/** Offers the fsl-mc bus driver under the kernel's name for it. */
public final class VfioFslMcProvider implements BusDriverProvider {
    /** Name of the driver. */
    static final String NAME = "vfio-fsl-mc";

    /** Made by {@link java.util.ServiceLoader}. */
    public VfioFslMcProvider() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String bus() {
        return "fsl-mc";
    }

    @Override
    public Optional<KernelModule> kernelModule() {
        return Optional.of(new KernelModule("vfio_fsl_mc", List.of()));
    }

    @Override
    public String description() {
        return "management-complex objects: a container with all its children, command and I/O portals, interrupts";
    }

    @Override
    public BusDriver create(DriverEnvironment environment) {
        return new VfioFslMcDriver(environment, PollClock.SYSTEM);
    }
}
