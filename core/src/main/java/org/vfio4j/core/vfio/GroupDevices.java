// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.IommuCapability;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** The registered devices of one group (kernel: {@code vfio_group.device_list}). Thread-safe. Spec: core GR-11, EXT-3. */
final class GroupDevices {
    /** Guards {@link #devices}; a leaf but for the driver's name match (kernel: {@code group->device_lock}). */
    private final ReentrantLock devicesLock = new ReentrantLock();

    /** Newest first. */
    private final List<CoreDevice> devices = new ArrayList<>();

    private final VfioGroup group;

    GroupDevices(VfioGroup group) {
        this.group = group;
    }

    void add(CoreDevice device) {
        devicesLock.lock();
        try {
            devices.addFirst(device);
        } finally {
            devicesLock.unlock();
        }
    }

    void remove(CoreDevice device) {
        devicesLock.lock();
        try {
            devices.remove(device);
        } finally {
            devicesLock.unlock();
        }
    }

    @SuppressWarnings("ReferenceEquality") // A bus device is its identity.
    boolean contains(BusDevice busDevice) {
        devicesLock.lock();
        try {
            return devices.stream().anyMatch(device -> device.busDevice() == busDevice);
        } finally {
            devicesLock.unlock();
        }
    }

    /** Which device a name means; a driver may decide, and abort the search (GR-11). */
    DeviceHold match(String name) {
        devicesLock.lock();
        try {
            for (var device : devices) {
                var match = device.ops().nameMatch();
                boolean meant = match != null
                        ? match.matches(name)
                        : name.equals(device.busDevice().name());
                if (meant && device.registration().tryGet()) {
                    return new DeviceHold(device);
                }
            }
        } finally {
            devicesLock.unlock();
        }
        throw new VfioException(
                Errno.ENODEV, "GR-11", "GET_DEVICE_FD refused: " + group + " has no device \"" + name + "\"");
    }

    /** Whether DMA of all of them can be kept from getting round CPU caches; true for none (EXT-3). */
    boolean enforceCoherency() {
        devicesLock.lock();
        try {
            return devices.stream()
                    .allMatch(device -> device.busDevice().capable(IommuCapability.ENFORCE_CACHE_COHERENCY));
        } finally {
            devicesLock.unlock();
        }
    }
}
