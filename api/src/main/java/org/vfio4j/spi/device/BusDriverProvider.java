// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.device;

import java.util.Optional;
import java.util.ServiceLoader;
import org.vfio4j.spi.module.KernelModule;

/** Entry of a bus-driver module, found with {@link ServiceLoader}. Stateless. */
public interface BusDriverProvider {
    /** The driver's name, for example {@code vfio-pci}. */
    String name();

    /** Name of the bus it drives, for example {@code pci}. */
    String bus();

    /** One line for people. */
    String description();

    /** The kernel module whose part it plays, which programs look for in {@code /sys/module}; empty when there is none. */
    default Optional<KernelModule> kernelModule() {
        return Optional.empty();
    }

    /** Loads the driver. */
    BusDriver create(DriverEnvironment environment);
}
