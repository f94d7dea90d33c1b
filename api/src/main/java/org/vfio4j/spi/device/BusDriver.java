// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.device;

import org.vfio4j.spi.host.Bus;
import org.vfio4j.spi.host.BusDevice;

/** A loaded VFIO bus driver (kernel: {@code struct device_driver} of a VFIO driver). Thread-safe. */
public interface BusDriver extends AutoCloseable {
    /** Tells the driver that a bus of its name exists, before any device of it is probed. */
    default void attachBus(Bus bus) {}

    /**
     * Takes a device: registers it with VFIO. The core calls it when the device is bound to this driver on purpose; it is
     * never asked about devices nobody bound to it.
     *
     * @throws org.vfio4j.uapi.VfioException the probe errno; nothing is left behind then
     */
    void probe(BusDevice device);

    /** Lets a probed device go; blocks until its users are gone (core §8). */
    void remove(BusDevice device);

    /** Unloads the driver, after every device was removed. */
    @Override
    default void close() {}
}
