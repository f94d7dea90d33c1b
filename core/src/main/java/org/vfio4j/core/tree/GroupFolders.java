// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.tree;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.Optional;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.Host;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.host.ReservedRegion;

/** {@code /sys/kernel/iommu_groups}. */
@Singleton
final class GroupFolders {
    private static final String GROUPS = "/sys/kernel/iommu_groups/";

    private final Host host;

    @Inject
    GroupFolders(Host host) {
        this.host = host;
    }

    /** {@code /sys/kernel/iommu_groups}. */
    Folder groups() {
        return new Listing(
                () -> host.groups().stream().map(group -> Integer.toString(group.id())),
                name -> host.groups().stream()
                        .filter(group -> Integer.toString(group.id()).equals(name))
                        .findFirst()
                        .map(GroupFolders::group));
    }

    /** One group; only one that was given a name has the attribute. */
    private static Folder group(IommuGroup group) {
        String directory = GROUPS + group.id() + "/devices";
        var entries = new Entries()
                .add(
                        "devices",
                        new Listing(
                                () -> group.devices().stream().map(BusDevice::name),
                                name -> link(group, directory, name)))
                .add("reserved_regions", TextAttribute.readable(() -> regions(group)))
                .add("type", TextAttribute.readable(() -> group.type() + "\n"));
        if (!group.name().isEmpty()) {
            entries.add("name", TextAttribute.readable(() -> group.name() + "\n"));
        }
        return entries;
    }

    private static Optional<TreeLink> link(IommuGroup group, String directory, String name) {
        return group.devices().stream()
                .filter(device -> device.name().equals(name))
                .findFirst()
                .map(device -> TreeLink.between(directory, "/sys" + device.sysfsPath()));
    }

    private static String regions(IommuGroup group) {
        var text = new StringBuilder();
        for (ReservedRegion region : group.reservedRegions()) {
            text.append(String.format(
                    "0x%016x 0x%016x %s\n",
                    region.start(), region.last(), region.type().sysfsName()));
        }
        return text.toString();
    }
}
