// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.spi.device.DriverEnvironment;
import org.vfio4j.spi.device.VfioDevice;
import org.vfio4j.spi.host.Bus;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.spi.pci.SriovDriver;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Takes PCI functions and registers them with VFIO (kernel: {@code vfio_pci_driver}). Thread-safe. Spec: pci §2, §3, §18. */
final class VfioPciDriver implements SriovDriver {
    private static final Logger LOG = LoggerFactory.getLogger(VfioPciDriver.class);

    private final DriverEnvironment environment;

    /** Devices probed and not removed; probe and remove of one device come one at a time. */
    private final Map<BusDevice, VfioDevice> devices = new ConcurrentHashMap<>();

    private final PhysicalFunctions physicalFunctions = new PhysicalFunctions();

    /** What ends the watching of buses. */
    private final List<AutoCloseable> watches = new CopyOnWriteArrayList<>();

    VfioPciDriver(DriverEnvironment environment) {
        this.environment = environment;
    }

    @Override
    public void attachBus(Bus bus) {
        watches.add(bus.listen(new VirtualFunctionWatch()));
    }

    /**
     * Keeps other drivers from the virtual functions of this driver's physical functions, before any is asked (kernel:
     * {@code vfio_pci_bus_notifier}). Spec: pci §18.2.
     */
    private final class VirtualFunctionWatch implements Bus.Listener {
        @Override
        public void added(BusDevice device) {
            if (device instanceof PciFunction function) {
                var physical = function.physicalFunction();
                if (physical != null && devices.containsKey(physical)) {
                    environment.driverOverride(device);
                }
            }
        }

        @Override
        public void removing(BusDevice device) {
            // The core takes the device from its driver.
        }
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
        var ops = new VfioPciDevice(function, options, physicalFunctions.roleOf(function), environment);
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
            var sriov = device instanceof PciFunction function ? function.sriov() : null;
            if (sriov != null) {
                physicalFunctions.disable((PciFunction) device, sriov);
            }
            vfio.unregister();
            devices.remove(device);
            vfio.put();
        }
    }

    @Override
    public void configureVirtualFunctions(PciFunction physical, int count) {
        if (!PciOptions.enableSriov(environment)) {
            throw new VfioException(
                    Errno.ENOENT,
                    "pci §18.1",
                    "sriov_numvfs of " + physical.name() + " refused: " + VfioPciProvider.NAME
                            + " makes virtual functions only with the parameter enable_sriov");
        }
        var vfio = devices.get(physical);
        var sriov = physical.sriov();
        if (vfio == null || sriov == null) {
            throw new VfioException(
                    Errno.ENOENT,
                    "pci §18.1",
                    "sriov_numvfs of " + physical.name() + " refused: " + VfioPciProvider.NAME + " does not have it");
        }
        if (count == 0) {
            physicalFunctions.disable(physical, sriov);
        } else {
            physicalFunctions.enable(physical, sriov, (VfioPciDevice) vfio.ops(), count);
        }
    }

    @Override
    public void close() {
        for (var watch : watches) {
            try {
                watch.close();
            } catch (Exception e) {
                LOG.warn("a bus cannot be left alone", e);
            }
        }
    }
}
