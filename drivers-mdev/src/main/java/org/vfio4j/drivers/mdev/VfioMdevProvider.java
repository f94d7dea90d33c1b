// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.mdev;

import java.util.List;
import java.util.Optional;
import org.vfio4j.spi.device.BusDriver;
import org.vfio4j.spi.device.BusDriverProvider;
import org.vfio4j.spi.device.DriverEnvironment;
import org.vfio4j.spi.module.KernelModule;

/** Offers the driver of mediated devices. */
public final class VfioMdevProvider implements BusDriverProvider {
    /** Name of the driver. */
    static final String NAME = "vfio-mdev";

    /** Made by {@link java.util.ServiceLoader}. */
    public VfioMdevProvider() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String bus() {
        return "mdev";
    }

    @Override
    public Optional<KernelModule> kernelModule() {
        return Optional.of(new KernelModule("mdev", List.of()));
    }

    @Override
    public String description() {
        return "mediated devices: created by UUID from a parent's types, memory reached by pinning or copies";
    }

    @Override
    public BusDriver create(DriverEnvironment environment) {
        return new VfioMdevDriver(environment);
    }
}
