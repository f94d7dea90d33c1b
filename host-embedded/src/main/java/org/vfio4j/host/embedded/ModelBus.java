// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded;

import java.util.List;
import org.vfio4j.spi.host.Bus;
import org.vfio4j.spi.host.BusDevice;

/**
 * A bus type that exists because a third-party model's devices are on it. Its devices neither come nor go while the machine
 * runs, so listeners have nothing to hear.
 *
 * @param name as the models say
 * @param devices in order of description
 */
record ModelBus(String name, List<BusDevice> devices) implements Bus {
    ModelBus {
        devices = List.copyOf(devices);
    }

    @Override
    public List<String> nativeDrivers() {
        return List.of();
    }

    @Override
    public AutoCloseable listen(Listener listener) {
        return () -> {};
    }
}
