// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.tree;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.stream.Stream;
import org.vfio4j.spi.host.Bus;
import org.vfio4j.spi.host.Host;

/** {@code /sys}: what of it the machine and VFIO fill. */
@Singleton
final class SysFolders {
    private final Host host;
    private final BusFolders buses;
    private final ClassFolders classes;
    private final DevicesFolders devices;
    private final GroupFolders iommuGroups;
    private final ParameterFolders parameters;
    private final DebugFolders debug;

    @Inject
    SysFolders(
            Host host,
            BusFolders buses,
            ClassFolders classes,
            DevicesFolders devices,
            GroupFolders iommuGroups,
            ParameterFolders parameters,
            DebugFolders debug) {
        this.host = host;
        this.buses = buses;
        this.classes = classes;
        this.devices = devices;
        this.iommuGroups = iommuGroups;
        this.parameters = parameters;
        this.debug = debug;
    }

    /** {@code /sys}. */
    Folder sys() {
        return new Entries()
                .add("bus", buses.buses())
                .add("class", classes.classes())
                .add("devices", devices.at("/devices"))
                .add(
                        "kernel",
                        new Entries()
                                .add("debug", new Entries().add("vfio", debug.devices()))
                                .add("iommu_groups", iommuGroups.groups()))
                .add("module", parameters.folder());
    }

    /** Directories that are ours as a whole, without a slash in front. */
    Stream<String> roots() {
        var ownBuses = host.buses().stream().map(Bus::name).map(name -> "bus/" + name);
        var ownClasses = classes.names().map(name -> "class/" + name);
        var ownModules = parameters.names().map(name -> "module/" + name);
        var fixed = Stream.of("kernel/debug/vfio", "kernel/iommu_groups");
        return Stream.of(ownBuses, ownClasses, ownModules, fixed, devices.roots())
                .flatMap(names -> names)
                .map(name -> "/sys/" + name);
    }
}
