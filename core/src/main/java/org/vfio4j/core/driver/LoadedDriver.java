// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.driver;

import org.vfio4j.spi.device.BusDriver;
import org.vfio4j.spi.device.BusDriverProvider;

/**
 * A loaded VFIO bus driver.
 *
 * @param provider its entry
 * @param driver the driver
 */
public record LoadedDriver(BusDriverProvider provider, BusDriver driver) {
    /** Its name. */
    public String name() {
        return provider.name();
    }

    /** Name of the bus it drives. */
    public String bus() {
        return provider.bus();
    }
}
