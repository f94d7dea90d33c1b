// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.tree;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.vfio4j.core.driver.BusControl;
import org.vfio4j.core.driver.DriverCore;
import org.vfio4j.core.vfio.CoreDevice;
import org.vfio4j.core.vfio.DeviceRegistry;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.DeviceAttribute;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** What is in the sysfs directory of a bus device, without the devices below it. Spec: core §2, pci §2.4 and §21.4. */
@Singleton
final class DeviceFolders {
    private static final String UEVENT = "uevent";

    /** Kernel: {@code PAGE_SIZE}, which bounds texts. */
    private static final int PAGE = 4096;

    private final DeviceRegistry registry;
    private final DriverCore drivers;
    private final BusControl control;
    private final MdevFolders mdev;
    private final SriovEntries sriov;

    @Inject
    DeviceFolders(
            DeviceRegistry registry, DriverCore drivers, BusControl control, MdevFolders mdev, SriovEntries sriov) {
        this.registry = registry;
        this.drivers = drivers;
        this.control = control;
        this.mdev = mdev;
        this.sriov = sriov;
    }

    /** Puts a device's entries into its directory. */
    void fill(BusDevice device, Entries directory) {
        String path = "/sys" + device.sysfsPath();
        String bus = "/sys/bus/" + device.busName();
        var attributes = device.attributes();
        addAttributes(attributes, directory);
        directory
                .add("subsystem", TreeLink.between(path, bus))
                .add(UEVENT, new TextAttribute(0644, () -> uevent(device, attributes), text -> {}));
        drivers.driverName(device)
                .ifPresent(name -> directory.add("driver", TreeLink.between(path, bus + "/drivers/" + name)));
        if (control.hasOverride(device.busName())) {
            directory.add(
                    "driver_override",
                    TextAttribute.variable(
                            () -> control.driverOverride(device).orElse("(null)") + "\n",
                            text -> override(device, text)));
        }
        var registered = registry.find(device);
        group(device, registered)
                .ifPresent(group ->
                        directory.add("iommu_group", TreeLink.between(path, "/sys/kernel/iommu_groups/" + group.id())));
        registered.ifPresent(found -> directory.add("vfio-dev", vfioDev(found, path)));
        mdev.fill(device, directory);
        sriov.fill(device, directory);
    }

    /** Groups of mediated devices and of those without IOMMU exist only while VFIO has them. */
    private static Optional<IommuGroup> group(BusDevice device, Optional<CoreDevice> registered) {
        return registered.map(found -> found.group().iommuGroup()).or(device::iommuGroup);
    }

    private static void addAttributes(Map<String, DeviceAttribute> attributes, Entries directory) {
        Map<String, Entries> subdirectories = new HashMap<>();
        attributes.forEach((name, attribute) -> {
            int slash = name.indexOf('/');
            if (slash < 0) {
                directory.add(name, new HostAttribute(attribute));
            } else {
                subdirectories
                        .computeIfAbsent(name.substring(0, slash), key -> new Entries())
                        .add(name.substring(slash + 1), new HostAttribute(attribute));
            }
        });
        subdirectories.forEach(directory::add);
    }

    private String uevent(BusDevice device, Map<String, DeviceAttribute> attributes) {
        var host = attributes.get(UEVENT);
        return drivers.driverName(device).map(name -> "DRIVER=" + name + "\n").orElse("")
                + (host == null ? "" : new String(host.read(), StandardCharsets.ISO_8859_1));
    }

    /** Text up to the first newline; nothing before it lets every driver have the device again. */
    private void override(BusDevice device, String text) {
        if (text.length() >= PAGE - 1) {
            throw new VfioException(
                    Errno.EINVAL,
                    "driver_override refused: " + text.length() + " characters are more than a driver's name can have");
        }
        int end = text.indexOf('\n');
        String name = end < 0 ? text : text.substring(0, end);
        control.driverOverride(device, name.isEmpty() ? null : name);
    }

    /** {@code vfio-dev} with the VFIO device; only one that has a node has numbers (NA-1). */
    private static Folder vfioDev(CoreDevice device, String path) {
        String directory = path + "/vfio-dev/" + device.nodeName();
        var entries = new Entries()
                .add("device", TreeLink.between(directory, path))
                .add("subsystem", TreeLink.between(directory, "/sys/class/vfio-dev"));
        if (DeviceRegistry.hasNode(device)) {
            ClassFolders.addNode(entries, DeviceNode.CDEV_MAJOR, device.index(), "vfio/devices/" + device.nodeName());
        } else {
            entries.add(UEVENT, new TextAttribute(0644, () -> "", text -> {}));
        }
        return new Entries().add(device.nodeName(), entries);
    }
}
