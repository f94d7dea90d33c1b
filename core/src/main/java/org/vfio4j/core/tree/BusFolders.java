// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.tree;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.vfio4j.core.driver.BusControl;
import org.vfio4j.spi.call.VirtualTree;
import org.vfio4j.spi.host.Bus;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.Host;

/** {@code /sys/bus}: devices and drivers of each bus type. Spec: pci §2.4, mdev §3, fsl-mc §2. */
@Singleton
final class BusFolders {
    private static final String BUS = "/sys/bus/";

    private final Host host;
    private final BusControl control;

    @Inject
    BusFolders(Host host, BusControl control) {
        this.host = host;
        this.control = control;
    }

    /** {@code /sys/bus}. */
    Folder buses() {
        return new Listing(
                () -> host.buses().stream().map(Bus::name),
                name -> control.bus(name).map(this::bus));
    }

    private Folder bus(Bus bus) {
        String path = BUS + bus.name();
        var own = new Entries();
        bus.attributes().forEach((name, attribute) -> own.add(name, new HostAttribute(attribute)));
        return own.add("devices", links(bus.devices(), path + "/devices"))
                .add("drivers", drivers(bus))
                .add(
                        "drivers_autoprobe",
                        TextAttribute.variable(
                                () -> control.autoprobe(bus) ? "1\n" : "0\n",
                                text -> control.autoprobe(bus, !text.startsWith("0"))))
                .add("drivers_probe", TextAttribute.action(0200, text -> control.probe(bus, TextAttribute.line(text))));
    }

    private static Folder links(List<BusDevice> devices, String directory) {
        return new Listing(() -> devices.stream().map(BusDevice::name), name -> link(devices, directory, name));
    }

    private static Optional<TreeLink> link(List<BusDevice> devices, String directory, String name) {
        return devices.stream()
                .filter(device -> device.name().equals(name))
                .findFirst()
                .map(device -> TreeLink.between(directory, "/sys" + device.sysfsPath()));
    }

    private Folder drivers(Bus bus) {
        return new Listing(
                () -> control.drivers(bus).stream(),
                name -> control.drivers(bus).contains(name) ? Optional.of(driver(bus, name)) : Optional.empty());
    }

    private Folder driver(Bus bus, String driver) {
        var attributes = new Entries()
                .add("bind", TextAttribute.action(0200, text -> control.bind(bus, driver, TextAttribute.line(text))))
                .add(
                        "unbind",
                        TextAttribute.action(0200, text -> control.unbind(bus, driver, TextAttribute.line(text))))
                .add("uevent", TextAttribute.action(0200, text -> {}));
        if (control.hasIds(bus.name())) {
            attributes
                    .add("new_id", TextAttribute.action(0200, text -> control.addId(bus, driver, text)))
                    .add("remove_id", TextAttribute.action(0200, text -> control.removeId(bus, driver, text)));
        }
        String directory = BUS + bus.name() + "/drivers/" + driver;
        return new Listing(
                () -> Stream.concat(
                        attributes.names().stream(),
                        control.devicesOf(bus, driver).stream().map(BusDevice::name)),
                name -> attributes
                        .child(name)
                        .or(() -> link(control.devicesOf(bus, driver), directory, name)
                                .map(VirtualTree.Node.class::cast)));
    }
}
