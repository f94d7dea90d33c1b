// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.model;

import java.util.Map;
import java.util.ServiceLoader;
import org.vfio4j.spi.host.BusDevice;

/** Entry of a device-model module, found with {@link ServiceLoader} by the embedded machine. Stateless. */
public interface DeviceModelProvider {
    /** Name used in machine descriptions. */
    String model();

    /** Name of the bus its devices appear on; a bus of that name is made if the machine has none. */
    String bus();

    /** One line for people. */
    String description();

    /** Whether the default machine has one device of this model. */
    boolean inDefaultMachine();

    /**
     * Makes a device.
     *
     * @param slot its place in the machine
     * @param properties the machine description's properties for it
     * @throws org.vfio4j.uapi.VfioException EINVAL with a sentence for a bad property
     */
    BusDevice create(DeviceSlot slot, Map<String, String> properties);
}
