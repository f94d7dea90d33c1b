// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.device;

import java.util.Optional;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.memory.PhysicalMemory;

/** What a bus driver may use. Thread-safe. */
public interface DriverEnvironment {
    /**
     * Allocates a VFIO device (kernel: {@code vfio_alloc_device}); it becomes visible when registered.
     *
     * @throws org.vfio4j.uapi.VfioException ENOSPC when all indexes are used, or what {@link DeviceOps#init} throws
     */
    VfioDevice allocate(BusDevice busDevice, DeviceOps ops);

    /** Memory that pinned pages are in. */
    PhysicalMemory memory();

    /** Asks the core to bind a device to this driver, as writing {@code driver_override} and {@code bind} does. */
    void bind(BusDevice device);

    /** Asks the core to unbind a device from this driver. */
    void unbind(BusDevice device);

    /**
     * A tunable (kernel: module parameter) of this driver.
     *
     * @param name without the driver's name
     */
    Optional<String> option(String name);
}
