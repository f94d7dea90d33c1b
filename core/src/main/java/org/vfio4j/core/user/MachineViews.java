// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.vfio4j.DeviceView;
import org.vfio4j.GroupView;
import org.vfio4j.core.driver.DriverCore;
import org.vfio4j.core.vfio.CoreDevice;
import org.vfio4j.core.vfio.DeviceRegistry;
import org.vfio4j.core.vfio.VfioGroup;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.Host;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.iommu.GroupKind;

/** What the machine looks like at one moment, for people. */
@Singleton
final class MachineViews {
    private final Host host;
    private final DeviceRegistry registry;
    private final DriverCore drivers;

    @Inject
    MachineViews(Host host, DeviceRegistry registry, DriverCore drivers) {
        this.host = host;
        this.registry = registry;
        this.drivers = drivers;
    }

    List<GroupView> groups() {
        return host.groups().stream()
                .sorted(Comparator.comparingInt(IommuGroup::id))
                .map(MachineViews::view)
                .toList();
    }

    private static GroupView view(IommuGroup group) {
        return new GroupView(
                group.id(),
                group.name(),
                group.dmaUnowned(),
                group.dmaOwnerDescription(),
                translation(group),
                group.devices().stream().map(BusDevice::name).toList(),
                group.reservedRegions());
    }

    /** {@code paging}, {@code tce} or {@code none}. */
    static String translation(IommuGroup group) {
        if (!group.hasIommu()) {
            return "none";
        }
        return group.tceTableGroup().isPresent() ? "tce" : "paging";
    }

    DeviceView view(BusDevice device) {
        Optional<CoreDevice> registered = registry.find(device);
        Optional<IommuGroup> group =
                registered.map(CoreDevice::group).map(VfioGroup::iommuGroup).or(device::iommuGroup);
        return new DeviceView(
                device.name(),
                device.busName(),
                device.description(),
                group.map(found -> OptionalInt.of(found.id())).orElse(OptionalInt.empty()),
                drivers.driverName(device),
                device.nativeDriver().isPresent(),
                registered.map(found -> OptionalInt.of(found.index())).orElse(OptionalInt.empty()),
                registered.map(found -> setName(found.deviceSet().key())),
                registered.map(CoreDevice::openCount).orElse(0),
                registered
                        .map(found -> found.group().kind() == GroupKind.EMULATED)
                        .orElse(false),
                device);
    }

    private static String setName(Object key) {
        return key instanceof BusDevice device ? device.name() : key.toString();
    }
}
