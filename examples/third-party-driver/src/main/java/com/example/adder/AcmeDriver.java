// SPDX-License-Identifier: Apache-2.0
package com.example.adder;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.vfio4j.spi.device.BusDriver;
import org.vfio4j.spi.device.DriverEnvironment;
import org.vfio4j.spi.device.VfioDevice;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Registers adders with VFIO. The core probes and removes one device from one thread at a time. */
final class AcmeDriver implements BusDriver {
    private final DriverEnvironment environment;
    private final Map<BusDevice, VfioDevice> probed = new ConcurrentHashMap<>();

    AcmeDriver(DriverEnvironment environment) {
        this.environment = environment;
    }

    @Override
    public void probe(BusDevice device) {
        if (!(device instanceof AdderDevice adder)) {
            throw new VfioException(
                    Errno.ENODEV, "probe refused: " + device.name() + " (" + device.description() + ") is no adder");
        }
        var ops = new AdderOps(adder);
        var vfio = environment.allocate(device, ops);
        try {
            ops.allocated(vfio);
            vfio.register(); // from here on users can open it
        } catch (RuntimeException e) {
            vfio.put();
            throw e;
        }
        probed.put(device, vfio);
    }

    @Override
    public void remove(BusDevice device) {
        var vfio = probed.remove(device);
        if (vfio != null) {
            vfio.unregister(); // waits for users
            vfio.put();
        }
    }
}
