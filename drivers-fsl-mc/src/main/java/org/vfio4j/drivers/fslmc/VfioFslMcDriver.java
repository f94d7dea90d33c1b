// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.fslmc;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.spi.device.BusDriver;
import org.vfio4j.spi.device.DriverEnvironment;
import org.vfio4j.spi.device.VfioDevice;
import org.vfio4j.spi.fslmc.McObject;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Takes objects of the management complex. A container brings everything directly inside with it; they share a device set,
 * whose key is the container. Spec: fsl-mc §3.
 */
final class VfioFslMcDriver implements BusDriver {
    private static final Logger LOG = LoggerFactory.getLogger(VfioFslMcDriver.class);

    private final DriverEnvironment environment;
    private final PollClock clock;

    /** Devices this driver has; changed under the core's device lock. */
    private final Map<BusDevice, VfioDevice> devices = new ConcurrentHashMap<>();

    VfioFslMcDriver(DriverEnvironment environment, PollClock clock) {
        this.environment = environment;
        this.clock = clock;
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
            container.scan().forEach(this::bindChild);
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
            object.children().stream().filter(devices::containsKey).forEach(this::unbindChild);
        }
        vfioDevice.put();
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
