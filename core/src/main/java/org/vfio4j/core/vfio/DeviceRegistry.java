// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.spi.device.DeviceOps;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.IommuCapability;
import org.vfio4j.spi.iommu.GroupKind;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Allocates, registers and unregisters devices, and knows the nodes of those registered. Spec: core §8, §9.1. */
@Singleton
public final class DeviceRegistry {
    private static final Logger LOG = LoggerFactory.getLogger(DeviceRegistry.class);

    private final DeviceIndexes indexes;
    private final DeviceSets sets;
    private final VfioGroups groups;
    private final CoreSettings settings;
    private final int pageSize;

    /** Registered devices by index: the nodes in {@code /dev/vfio/devices} and their counterparts in sysfs. */
    private final ConcurrentSkipListMap<Integer, CoreDevice> nodes = new ConcurrentSkipListMap<>();

    @Inject
    DeviceRegistry(
            DeviceIndexes indexes, DeviceSets sets, VfioGroups groups, CoreSettings settings, PhysicalMemory memory) {
        this.indexes = indexes;
        this.sets = sets;
        this.groups = groups;
        this.settings = settings;
        this.pageSize = memory.pageSize();
    }

    /**
     * Allocates a device (kernel: {@code vfio_alloc_device}).
     *
     * @throws VfioException ENOSPC, or what the driver's init throws; nothing is left behind then
     */
    public CoreDevice allocate(BusDevice busDevice, DeviceOps ops) {
        var device = new CoreDevice(this, busDevice, ops, indexes.allocate());
        try {
            ops.init(device);
        } catch (Throwable e) {
            device.leaveSet();
            indexes.free(device.index());
            throw e;
        }
        return device;
    }

    void register(CoreDevice device) {
        requireIommufdOps(device);
        device.ensureDeviceSet();
        var group = groups.joinPhysical(device);
        if (group.kind() == GroupKind.IOMMU && !device.busDevice().capable(IommuCapability.CACHE_COHERENCY)) {
            groups.leave(group);
            throw new VfioException(
                    Errno.EINVAL,
                    "DR-5",
                    "registration of " + device + " refused: its DMA is not coherent with CPU caches");
        }
        publish(device, group);
    }

    void registerEmulated(CoreDevice device) {
        requireIommufdOps(device);
        device.ensureDeviceSet();
        publish(device, groups.joinPrivate(device, GroupKind.EMULATED));
    }

    private static void requireIommufdOps(CoreDevice device) {
        if (device.ops().iommufdOps() == null) {
            throw new VfioException(
                    Errno.EINVAL,
                    "DR-5",
                    "registration of " + device + " refused: driver "
                            + device.ops().driverName() + " has no iommufd steps");
        }
    }

    private void publish(CoreDevice device, VfioGroup group) {
        device.group(group);
        nodes.put(device.index(), device);
        device.registration().start();
        group.devices().add(device);
    }

    void unregister(CoreDevice device) {
        if (device.deviceSet().lock().isHeldByCurrentThread()) {
            throw new IllegalStateException("unregister of " + device + " with its set's lock held cannot end (UN-5)");
        }
        var group = device.group();
        group.devices().remove(device);
        nodes.remove(device.index());
        device.registration().put();
        awaitUsers(device);
        groups.leave(group);
    }

    /** Waits until every file of the device is closed, asking its user to let go (UN-2, UN-3). */
    private void awaitUsers(CoreDevice device) {
        var registration = device.registration();
        long period = settings.requestPeriod().toNanos();
        boolean interrupted = false;
        boolean unused = registration.count() == 0;
        try {
            for (int request = 0; !unused; request++) {
                device.ops().request(request);
                if (interrupted) {
                    unused = registration.awaitUnusedUninterruptibly(period);
                    continue;
                }
                try {
                    unused = registration.awaitUnused(period);
                } catch (InterruptedException e) {
                    interrupted = true;
                    LOG.warn(
                            "{} is still in use; unregistration waits for its users and cannot be interrupted", device);
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * Opens the node with an index.
     *
     * @throws VfioException ENOENT when there is no such node, ENODEV when the device is on its way in or out
     */
    public CdevFile openNode(int index) {
        var device = nodes.get(index);
        if (device == null || !hasNode(device)) {
            throw new VfioException(Errno.ENOENT, "NA-1", "there is no node vfio" + index);
        }
        return openNode(device);
    }

    /**
     * Opens the node of a device (CD-1): the file starts parked. Who has found the node may open it as long as anybody uses the
     * device, also when it is found no more because the device is being unregistered.
     *
     * @throws VfioException ENODEV when the device is not registered and nobody uses it
     */
    public CdevFile openNode(CoreDevice device) {
        if (!device.registration().tryGet()) {
            throw new VfioException(
                    Errno.ENODEV,
                    "CD-1",
                    "open of vfio" + device.index() + " refused: " + device + " is not registered");
        }
        return new CdevFile(device, pageSize);
    }

    /** Whether a device has a node of its own: those without IOMMU do not (NA-1). */
    public static boolean hasNode(CoreDevice device) {
        return device.group().kind() != GroupKind.NOIOMMU;
    }

    /** Registered devices, by index. */
    public List<CoreDevice> devices() {
        return List.copyOf(nodes.values());
    }

    /** The registered device with an index. */
    public Optional<CoreDevice> find(int index) {
        return Optional.ofNullable(nodes.get(index));
    }

    /** The registered device on top of a bus device. */
    @SuppressWarnings("ReferenceEquality") // A bus device is its identity.
    public Optional<CoreDevice> find(BusDevice busDevice) {
        return nodes.values().stream()
                .filter(device -> device.busDevice() == busDevice)
                .findFirst();
    }

    DeviceIndexes indexes() {
        return indexes;
    }

    DeviceSets sets() {
        return sets;
    }

    int pageSize() {
        return pageSize;
    }

    void warnIgnoredUnpin(CoreDevice device, long iova, int pages) {
        LOG.warn("unpin_pages of {} ignored: iova 0x{}, {} pages", device, Long.toHexString(iova), pages);
    }
}
