// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.tree;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.vfio4j.core.codec.ContainerUapi;
import org.vfio4j.core.codec.DeviceUapi;
import org.vfio4j.core.codec.GroupUapi;
import org.vfio4j.core.codec.IommufdUapi;
import org.vfio4j.core.vfio.CoreDevice;
import org.vfio4j.core.vfio.DeviceRegistry;
import org.vfio4j.core.vfio.VfioGroup;
import org.vfio4j.core.vfio.VfioGroups;
import org.vfio4j.spi.call.VirtualTree;
import org.vfio4j.spi.memory.PhysicalMemory;

/** The nodes below {@code /dev}. Spec: core §2. */
@Singleton
final class DevFolders {
    private static final Pattern GROUP = Pattern.compile("(?:noiommu-)?(0|[1-9][0-9]{0,8})");
    private static final Pattern DEVICE = Pattern.compile("vfio(0|[1-9][0-9]{0,8})");
    private static final String CONTAINER = "vfio";
    private static final String DEVICES = "devices";

    private final DeviceTree openings;
    private final VfioGroups groups;
    private final DeviceRegistry registry;
    private final BusNodes busNodes;
    private final int pageSize;

    @Inject
    DevFolders(
            DeviceTree openings, VfioGroups groups, DeviceRegistry registry, BusNodes busNodes, PhysicalMemory memory) {
        this.openings = openings;
        this.groups = groups;
        this.registry = registry;
        this.busNodes = busNodes;
        this.pageSize = memory.pageSize();
    }

    /** {@code /dev}. */
    Folder dev() {
        var dev = new Entries().add("vfio", vfio());
        if (openings.offersIommufd()) {
            dev.add(
                    "iommu",
                    new DeviceNode(
                            0660,
                            DeviceNode.MISC_MAJOR,
                            DeviceNode.IOMMU_MINOR,
                            caller -> new IommufdUapi(openings.openIommufd())));
        }
        return new Listing(
                () -> Stream.concat(dev.names().stream(), busNodes.names()),
                name -> dev.child(name).or(() -> busNodes.find(name)));
    }

    private Folder vfio() {
        return new Listing(
                () -> Stream.concat(
                        Stream.of(CONTAINER, DEVICES), groups.groups().stream().map(VfioGroup::nodeName)),
                this::entry);
    }

    private Optional<? extends VirtualTree.Node> entry(String name) {
        return switch (name) {
            case CONTAINER -> Optional.of(container());
            case DEVICES -> Optional.of(devices());
            default -> group(name).map(this::node);
        };
    }

    private DeviceNode container() {
        return new DeviceNode(
                0666,
                DeviceNode.MISC_MAJOR,
                DeviceNode.CONTAINER_MINOR,
                caller -> new ContainerUapi(openings.newContainer()));
    }

    private DeviceNode node(VfioGroup group) {
        return new DeviceNode(
                0600, DeviceNode.GROUP_MAJOR, group.minor(), caller -> new GroupUapi(group.open(caller), pageSize));
    }

    /** The group whose node has a name. */
    Optional<VfioGroup> group(String name) {
        var number = GROUP.matcher(name);
        return number.matches()
                ? groups.find(Integer.parseInt(number.group(1)))
                        .filter(group -> group.nodeName().equals(name))
                : Optional.empty();
    }

    private Folder devices() {
        return new Listing(
                () -> registry.devices().stream()
                        .filter(DeviceRegistry::hasNode)
                        .map(CoreDevice::nodeName),
                name -> device(name).filter(DeviceRegistry::hasNode).map(this::node));
    }

    private DeviceNode node(CoreDevice device) {
        return new DeviceNode(
                0600, DeviceNode.CDEV_MAJOR, device.index(), caller -> new DeviceUapi(registry.openNode(device)));
    }

    /** The registered device with a VFIO name, whether it has a node or not (NA-1). */
    Optional<CoreDevice> device(String name) {
        var index = DEVICE.matcher(name);
        return index.matches() ? registry.find(Integer.parseInt(index.group(1))) : Optional.empty();
    }
}
