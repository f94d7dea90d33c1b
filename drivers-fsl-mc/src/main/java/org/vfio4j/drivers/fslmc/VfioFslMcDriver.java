// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.fslmc;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.spi.device.BusDriver;
import org.vfio4j.spi.device.DriverEnvironment;
import org.vfio4j.spi.device.VfioDevice;
import org.vfio4j.spi.fslmc.McObject;
import org.vfio4j.spi.host.Bus;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Takes objects of the management complex. A container brings everything directly inside with it, also what appears there
 * later; they share a device set, whose key is the container. Spec: fsl-mc §3.
 */
final class VfioFslMcDriver implements BusDriver {
    private static final Logger LOG = LoggerFactory.getLogger(VfioFslMcDriver.class);

    private final DriverEnvironment environment;
    private final PollClock clock;

    /** Devices this driver has; changed under the core's device lock. */
    private final Map<BusDevice, VfioDevice> devices = new ConcurrentHashMap<>();

    /** Ends listening; set once for each bus, before any device is probed. */
    private final List<AutoCloseable> watchers = new CopyOnWriteArrayList<>();

    VfioFslMcDriver(DriverEnvironment environment, PollClock clock) {
        this.environment = environment;
        this.clock = clock;
    }

    @Override
    public void attachBus(Bus bus) {
        watchers.add(bus.listen(new Watcher()));
    }

    /** Children of this driver's containers are this driver's, whenever they appear. */
    private final class Watcher implements Bus.Listener {
        @Override
        public void added(BusDevice device) {
            if (device instanceof McObject object) {
                var container = object.container();
                if (container != null && devices.containsKey(container)) {
                    bindChild(object);
                }
            }
        }

        @Override
        public void plugged(BusDevice device) {
            added(device);
        }

        /** The core lets drivers go. */
        @Override
        public void removing(BusDevice device) {}
    }

    @Override
    public void probe(BusDevice device) {
        if (!(device instanceof McObject object)) {
            throw new VfioException(Errno.ENODEV, "probe refused: " + device.name() + " is no fsl-mc object");
        }
        if (object.isContainer()) {
            probeContainer(object);
        } else {
            register(object, null);
        }
    }

    private void probeContainer(McObject object) {
        var container = OpenContainer.open(object);
        var vfioDevice = register(object, container);
        try {
            object.scan();
        } catch (RuntimeException e) {
            release(object, vfioDevice);
            throw e;
        }
    }

    /** A child another driver has stays with it. */
    private void bindChild(McObject child) {
        try {
            environment.bind(child);
        } catch (VfioException e) {
            LOG.warn("{} stays without driver {}: {}", child.name(), VfioFslMcProvider.NAME, e.getMessage());
        }
    }

    private VfioDevice register(McObject object, @Nullable OpenContainer container) {
        var ops = new McDeviceOps(object, container, environment.memory().pageSize(), clock);
        VfioDevice vfioDevice;
        try {
            vfioDevice = environment.allocate(object, ops);
        } catch (RuntimeException e) {
            ops.release();
            throw e;
        }
        ops.allocated(vfioDevice);
        try {
            vfioDevice.assignDeviceSet(setKey(object));
            vfioDevice.register();
        } catch (RuntimeException e) {
            vfioDevice.put();
            throw e;
        }
        devices.put(object, vfioDevice);
        return vfioDevice;
    }

    /** The container: of itself it is its own key, and so a nested one begins a new set. */
    private static McObject setKey(McObject object) {
        var container = object.container();
        return object.isContainer() || container == null ? object : container;
    }

    @Override
    public void remove(BusDevice device) {
        var vfioDevice = devices.get(device);
        if (vfioDevice == null) {
            throw new VfioException(
                    Errno.ENODEV, "driver " + VfioFslMcProvider.NAME + " does not have " + device.name());
        }
        release((McObject) device, vfioDevice);
    }

    /** Waits for the device's users, then takes the children of a container away. */
    private void release(McObject object, VfioDevice vfioDevice) {
        vfioDevice.unregister();
        devices.remove(object);
        if (object.isContainer()) {
            object.children().reversed().stream().filter(devices::containsKey).forEach(this::unbindChild);
            object.removeChildren();
        }
        vfioDevice.put();
    }

    @Override
    public void close() {
        for (var watcher : watchers) {
            try {
                watcher.close();
            } catch (Exception e) {
                LOG.warn("a bus is still listened to", e);
            }
        }
    }

    private void unbindChild(McObject child) {
        try {
            environment.unbind(child);
        } catch (VfioException e) {
            // Somebody else was faster.
            LOG.debug("{} had no driver any more: {}", child.name(), e.getMessage());
        }
    }
}
