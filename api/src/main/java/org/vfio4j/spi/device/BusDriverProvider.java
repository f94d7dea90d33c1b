// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.device;

import java.util.ServiceLoader;

/** Entry of a bus-driver module, found with {@link ServiceLoader}. Stateless. */
public interface BusDriverProvider {
    /** The driver's name, for example {@code vfio-pci}. */
    String name();

    /** Name of the bus it drives, for example {@code pci}. */
    String bus();

    /** One line for people. */
    String description();

    /** Loads the driver. */
    BusDriver create(DriverEnvironment environment);
}
