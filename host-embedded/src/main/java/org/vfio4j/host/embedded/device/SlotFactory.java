// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.device;

import java.util.Optional;
import org.vfio4j.host.embedded.machine.Placement;
import org.vfio4j.spi.host.BusDevice;

/**
 * Makes places for devices that a bus finds by itself, like the objects of an fsl-mc container: all devices with one
 * placement share its isolation group. The bus installs each device it makes with {@link #install}.
 */
public interface SlotFactory {
    /**
     * A place behind the IOMMU unit of a placement.
     *
     * @param placement one of the machine description's, as the very object found there
     * @param name the device's name
     * @param sysfsPath below {@code /sys}
     * @param driver bound at start
     */
    MachineSlot slot(Placement placement, String name, String sysfsPath, Optional<String> driver);

    /** Puts a device that may always master the bus into its place. */
    void install(MachineSlot slot, BusDevice device);
}
