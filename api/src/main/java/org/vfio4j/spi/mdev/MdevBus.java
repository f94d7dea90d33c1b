// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.mdev;

import java.util.List;
import java.util.UUID;
import org.vfio4j.spi.host.Bus;

/** The host's mdev bus: parents, and a place for the devices made of them. */
public interface MdevBus extends Bus {
    /** Parents in a fixed order. */
    List<MdevParent> parents();

    /** Devices the machine wants to exist when it starts. */
    List<Wish> initialDevices();

    /**
     * Plugs a device made by a parent into the bus. Listeners are not called.
     *
     * @param model the parent's device
     * @return the bus device, named by the UUID in lower case
     */
    MdevDevice add(MdevParent parent, MdevType type, UUID uuid, MdevModel model);

    /** Unplugs a device. Listeners are not called. */
    void remove(MdevDevice device);

    /**
     * A device wanted at start.
     *
     * @param parent name of the parent
     * @param type the type's sysfs name
     * @param uuid name of the device
     */
    record Wish(String parent, String type, UUID uuid) {}
}
