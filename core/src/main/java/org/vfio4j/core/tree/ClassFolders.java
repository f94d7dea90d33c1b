// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.tree;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.vfio4j.core.vfio.CoreDevice;
import org.vfio4j.core.vfio.DeviceRegistry;
import org.vfio4j.core.vfio.VfioGroup;
import org.vfio4j.core.vfio.VfioGroups;
import org.vfio4j.spi.mdev.MdevParent;

/** {@code /sys/class}, and the directories of what is a device only by its class. Spec: core §2, mdev §3. */
@Singleton
final class ClassFolders {
    private static final String GROUPS = "vfio";
    private static final String DEVICES = "vfio-dev";
    private static final String PARENTS = "mdev_bus";
    private static final String MISC = "misc";

    private final DevFolders nodes;
    private final VfioGroups groups;
    private final DeviceRegistry registry;
    private final DeviceTree openings;
    private final MdevFolders mdev;

    @Inject
    ClassFolders(DevFolders nodes, VfioGroups groups, DeviceRegistry registry, DeviceTree openings, MdevFolders mdev) {
        this.nodes = nodes;
        this.groups = groups;
        this.registry = registry;
        this.openings = openings;
        this.mdev = mdev;
    }

    /** Classes that only VFIO and the mdev core make. */
    Stream<String> names() {
        return Stream.of(GROUPS, DEVICES, PARENTS);
    }

    /** {@code /sys/class}. */
    Folder classes() {
        return new Entries()
                .add(GROUPS, groups())
                .add(DEVICES, devices())
                .add(PARENTS, parents())
                .add(MISC, misc());
    }

    private Folder groups() {
        return new Listing(
                () -> groups.groups().stream().map(VfioGroup::nodeName),
                name -> nodes.group(name).map(group -> link(GROUPS, groupPath(group))));
    }

    private static TreeLink link(String className, String devicePath) {
        return TreeLink.between("/sys/class/" + className, "/sys" + devicePath);
    }

    /** Where a group's class device is below {@code /sys}. */
    static String groupPath(VfioGroup group) {
        return "/devices/virtual/vfio/" + group.nodeName();
    }

    private Folder devices() {
        return new Listing(
                () -> registry.devices().stream().map(CoreDevice::nodeName),
                name -> nodes.device(name)
                        .map(device ->
                                link(DEVICES, device.busDevice().sysfsPath() + "/vfio-dev/" + device.nodeName())));
    }

    private Folder parents() {
        return new Listing(
                () -> mdev.parents().map(MdevParent::name),
                name -> mdev.parent(name).map(parent -> link(PARENTS, parent.sysfsPath())));
    }

    private Folder misc() {
        var misc = new Entries().add("vfio", link(MISC, miscPath("vfio")));
        if (openings.offersIommufd()) {
            misc.add("iommu", link(MISC, miscPath("iommu")));
        }
        return misc;
    }

    private static String miscPath(String name) {
        return "/devices/virtual/misc/" + name;
    }

    /** Directories of class devices with their content, by path below {@code /sys}: those of groups, and the fixed ones. */
    Stream<Place> places(List<VfioGroup> shown) {
        var misc = openings.offersIommufd()
                ? Stream.of(
                        miscPlace("vfio", DeviceNode.CONTAINER_MINOR, "vfio/vfio", 0666),
                        miscPlace("iommu", DeviceNode.IOMMU_MINOR, "iommu", 0660))
                : Stream.of(miscPlace("vfio", DeviceNode.CONTAINER_MINOR, "vfio/vfio", 0666));
        var ofGroups = shown.stream()
                .map(group -> new Place(
                        groupPath(group),
                        entries -> fill(
                                entries,
                                GROUPS,
                                groupPath(group),
                                DeviceNode.GROUP_MAJOR,
                                group.minor(),
                                "vfio/" + group.nodeName(),
                                Optional.empty())));
        return Stream.concat(misc, ofGroups);
    }

    private static Place miscPlace(String name, int minor, String node, int mode) {
        return new Place(
                miscPath(name),
                entries -> fill(entries, MISC, miscPath(name), DeviceNode.MISC_MAJOR, minor, node, Optional.of(mode)));
    }

    private static void fill(
            Entries entries, String className, String path, int major, int minor, String node, Optional<Integer> mode) {
        entries.add("subsystem", TreeLink.between("/sys" + path, "/sys/class/" + className));
        addNode(entries, major, minor, node);
        mode.ifPresent(bits -> entries.add(
                "uevent",
                new TextAttribute(
                        0644,
                        () -> uevent(major, minor, node) + "DEVMODE=0" + Integer.toOctalString(bits) + "\n",
                        text -> {})));
    }

    /** What a class device with a node has: its numbers and the node's name. */
    static void addNode(Entries entries, int major, int minor, String node) {
        entries.add("dev", TextAttribute.readable(() -> DeviceNode.numbers(major, minor)));
        entries.add("uevent", new TextAttribute(0644, () -> uevent(major, minor, node), text -> {}));
    }

    private static String uevent(int major, int minor, String node) {
        return "MAJOR=" + major + "\nMINOR=" + minor + "\nDEVNAME=" + node + "\n";
    }
}
