// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import java.util.Optional;
import org.vfio4j.spi.device.BusDriver;
import org.vfio4j.spi.device.BusDriverProvider;
import org.vfio4j.spi.device.DriverEnvironment;
import org.vfio4j.spi.module.KernelModule;

/** Offers the PCI bus driver under the kernel's name for it. */
public final class VfioPciProvider implements BusDriverProvider {
    /** Name of the driver. */
    static final String NAME = "vfio-pci";

    /** Made by {@link java.util.ServiceLoader}. */
    public VfioPciProvider() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String bus() {
        return "pci";
    }

    @Override
    public Optional<KernelModule> kernelModule() {
        return Optional.of(PciOptions.module());
    }

    @Override
    public String description() {
        return "PCI functions: virtualised configuration space, BARs, INTx, MSI and MSI-X, resets";
    }

    @Override
    public BusDriver create(DriverEnvironment environment) {
        return new VfioPciDriver(environment);
    }
}
