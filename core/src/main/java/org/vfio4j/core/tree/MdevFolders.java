// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.tree;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.vfio4j.core.driver.DriverCore;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.Host;
import org.vfio4j.spi.mdev.MdevBus;
import org.vfio4j.spi.mdev.MdevDevice;
import org.vfio4j.spi.mdev.MdevLifecycle;
import org.vfio4j.spi.mdev.MdevParent;
import org.vfio4j.spi.mdev.MdevType;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Mediated devices in sysfs: what their parents offer, and what they have themselves. Spec: mdev §3 to §5. */
@Singleton
final class MdevFolders {
    private static final String TYPES = "mdev_supported_types";

    private final Host host;
    private final DriverCore drivers;

    @Inject
    MdevFolders(Host host, DriverCore drivers) {
        this.host = host;
        this.drivers = drivers;
    }

    /** Parents; none while there is no driver that makes devices of them. */
    Stream<MdevParent> parents() {
        return drivers.mdevDriver().isEmpty()
                ? Stream.empty()
                : host.buses().stream()
                        .filter(MdevBus.class::isInstance)
                        .flatMap(bus -> ((MdevBus) bus).parents().stream());
    }

    /** The parent with a name. */
    Optional<MdevParent> parent(String name) {
        return parents().filter(parent -> parent.name().equals(name)).findFirst();
    }

    /** Directories of parents. */
    Stream<Place> places(List<MdevParent> parents) {
        return parents.stream()
                .map(parent -> new Place(parent.sysfsPath(), entries -> entries.add(TYPES, types(parent))));
    }

    private Folder types(MdevParent parent) {
        var types = new Entries();
        for (var type : parent.types()) {
            types.add(directoryName(parent, type), type(parent, type));
        }
        return types;
    }

    private static String directoryName(MdevParent parent, MdevType type) {
        return parent.driverString() + "-" + type.name();
    }

    private Folder type(MdevParent parent, MdevType type) {
        String directory = "/sys" + parent.sysfsPath() + "/" + TYPES + "/" + directoryName(parent, type) + "/devices";
        return new Entries()
                .add("available_instances", TextAttribute.readable(() -> parent.available(type) + "\n"))
                .add("create", TextAttribute.action(0200, text -> lifecycle().create(parent.name(), type.name(), text)))
                .add("device_api", TextAttribute.readable(() -> type.deviceApi() + "\n"))
                .add(
                        "devices",
                        new Listing(
                                () -> made(parent, type).map(BusDevice::name),
                                name -> made(parent, type)
                                        .filter(device -> device.name().equals(name))
                                        .findFirst()
                                        .map(device -> TreeLink.between(directory, "/sys" + device.sysfsPath()))))
                .add("name", TextAttribute.readable(() -> prettyName(type) + "\n"));
    }

    private static String prettyName(MdevType type) {
        return type.prettyName().isEmpty() ? type.name() : type.prettyName();
    }

    private Stream<BusDevice> made(MdevParent parent, MdevType type) {
        return host.buses().stream()
                .filter(MdevBus.class::isInstance)
                .flatMap(bus -> bus.devices().stream())
                .filter(device -> device instanceof MdevDevice mdev
                        && mdev.parent().name().equals(parent.name())
                        && mdev.type().equals(type));
    }

    private MdevLifecycle lifecycle() {
        return drivers.mdevDriver()
                .orElseThrow(() -> new VfioException(Errno.ENODEV, "no driver makes mediated devices any more"));
    }

    /** Puts what only mediated devices have into a device's directory. */
    void fill(BusDevice device, Entries directory) {
        if (device instanceof MdevDevice mdev) {
            var parent = mdev.parent();
            String typePath = "/sys" + parent.sysfsPath() + "/" + TYPES + "/" + directoryName(parent, mdev.type());
            directory
                    .add("mdev_type", TreeLink.between("/sys" + device.sysfsPath(), typePath))
                    .add("remove", TextAttribute.action(0200, text -> remove(device, text)));
        }
    }

    /** Any number but 0 removes (mdev §5.1). */
    private void remove(BusDevice device, String text) {
        long number;
        try {
            number = Long.decode(TextAttribute.line(text));
        } catch (NumberFormatException e) {
            throw new VfioException(
                    Errno.EINVAL, "remove refused: \"" + TextAttribute.line(text) + "\" is no number", e);
        }
        if (number != 0) {
            lifecycle().remove(device.name());
        }
    }
}
