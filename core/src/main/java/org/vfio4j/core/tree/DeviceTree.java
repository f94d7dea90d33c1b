// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.tree;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.regex.Pattern;
import org.vfio4j.core.codec.ContainerUapi;
import org.vfio4j.core.codec.DeviceUapi;
import org.vfio4j.core.codec.GroupUapi;
import org.vfio4j.core.codec.IommufdUapi;
import org.vfio4j.core.registry.Backends;
import org.vfio4j.core.vfio.ContainerBackends;
import org.vfio4j.core.vfio.DeviceRegistry;
import org.vfio4j.core.vfio.GroupFile;
import org.vfio4j.core.vfio.VfioContainer;
import org.vfio4j.core.vfio.VfioGroups;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.UapiFile;
import org.vfio4j.spi.iommu.IommufdFile;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Opens nodes by path. Thread-safe. */
@Singleton
public final class DeviceTree {
    /** Path of the container node. */
    public static final String CONTAINER = "/dev/vfio/vfio";

    /** Path of the iommufd node. */
    public static final String IOMMU = "/dev/iommu";

    private static final Pattern GROUP = Pattern.compile("/dev/vfio/((?:noiommu-)?(0|[1-9][0-9]{0,8}))");
    private static final Pattern DEVICE = Pattern.compile("/dev/vfio/devices/vfio(0|[1-9][0-9]{0,8})");

    private final ContainerBackends containerBackends;
    private final Backends backends;
    private final VfioGroups groups;
    private final DeviceRegistry devices;
    private final int pageSize;

    @Inject
    DeviceTree(
            ContainerBackends containerBackends,
            Backends backends,
            VfioGroups groups,
            DeviceRegistry devices,
            PhysicalMemory memory) {
        this.containerBackends = containerBackends;
        this.backends = backends;
        this.groups = groups;
        this.devices = devices;
        this.pageSize = memory.pageSize();
    }

    /**
     * Opens a node.
     *
     * @param caller whose privileges count
     * @throws VfioException ENOENT when there is no such node, or what its open answers
     */
    public UapiFile open(Caller caller, String path) {
        if (path.equals(CONTAINER)) {
            return new ContainerUapi(newContainer());
        }
        if (path.equals(IOMMU)) {
            return new IommufdUapi(openIommufd());
        }
        var group = GROUP.matcher(path);
        if (group.matches()) {
            return groups.find(Integer.parseInt(group.group(2)))
                    .filter(found -> found.nodeName().equals(group.group(1)))
                    .map(found -> new GroupUapi(found.open(caller), pageSize))
                    .orElseThrow(() -> noNode(path));
        }
        var device = DEVICE.matcher(path);
        if (device.matches()) {
            return new DeviceUapi(devices.openNode(Integer.parseInt(device.group(1))));
        }
        throw noNode(path);
    }

    /** A container as {@code /dev/vfio/vfio} makes it. */
    public VfioContainer newContainer() {
        return new VfioContainer(containerBackends);
    }

    /**
     * Opens a group of whichever kind by its number.
     *
     * @throws VfioException ENOENT, or what its open answers
     */
    public GroupFile openGroup(Caller caller, int number) {
        return groups.find(number)
                .orElseThrow(() -> noNode("/dev/vfio/" + number))
                .open(caller);
    }

    /**
     * Opens {@code /dev/iommu}.
     *
     * @throws VfioException ENOENT when no backend offers it
     */
    public IommufdFile openIommufd() {
        return backends.iommufd()
                .orElseThrow(() -> new VfioException(
                        Errno.ENOENT, "there is no " + IOMMU + ": no IOMMU backend on the module path offers iommufd"))
                .driver()
                .open();
    }

    private static VfioException noNode(String path) {
        return new VfioException(Errno.ENOENT, "there is no " + path);
    }
}
