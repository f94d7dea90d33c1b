// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.vfio4j.spi.device.BusDriver;
import org.vfio4j.spi.device.DriverEnvironment;
import org.vfio4j.spi.device.VfioDevice;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Takes PCI functions and registers them with VFIO (kernel: {@code vfio_pci_driver}). Thread-safe. Spec: pci §2, §3. */
final class VfioPciDriver implements BusDriver {
    private final DriverEnvironment environment;

    /** Devices probed and not removed; probe and remove of one device come one at a time. */
    private final Map<BusDevice, VfioDevice> devices = new ConcurrentHashMap<>();

    VfioPciDriver(DriverEnvironment environment) {
        this.environment = environment;
    }

    @Override
    public void probe(BusDevice device) {
        if (!(device instanceof PciFunction function)) {
            throw new VfioException(Errno.EINVAL, "probe refused: " + device.name() + " is no PCI function");
        }
        if (devices.containsKey(device)) {
            throw new VfioException(Errno.EBUSY, "probe refused: vfio-pci has " + device.name() + " already");
        }
        var options = PciOptions.of(environment);
        ProbeRules.check(function, options);
        var ops = new VfioPciDevice(function, options, environment);
        var vfio = environment.allocate(device, ops);
        try {
            ops.allocated(vfio);
            new PowerState(function).set(PowerState.D0);
            var key = ResetScope.deviceSetKey(function);
            if (key != null) {
                vfio.assignDeviceSet(key);
            }
            vfio.register();
        } catch (RuntimeException e) {
            vfio.put();
            throw e;
        }
        devices.put(device, vfio);
    }

    @Override
    public void remove(BusDevice device) {
        var vfio = devices.get(device);
        if (vfio != null) {
            vfio.unregister();
            devices.remove(device);
            vfio.put();
        }
    }
}
