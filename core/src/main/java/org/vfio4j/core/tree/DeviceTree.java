// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.tree;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import org.vfio4j.core.registry.Backends;
import org.vfio4j.core.vfio.ContainerBackends;
import org.vfio4j.core.vfio.GroupFile;
import org.vfio4j.core.vfio.VfioContainer;
import org.vfio4j.core.vfio.VfioGroups;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.iommu.IommufdFile;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Opens what nodes stand for. Thread-safe. */
@Singleton
public final class DeviceTree {
    private static final String IOMMU = "/dev/iommu";

    private final ContainerBackends containerBackends;
    private final Backends backends;
    private final VfioGroups groups;

    @Inject
    DeviceTree(ContainerBackends containerBackends, Backends backends, VfioGroups groups) {
        this.containerBackends = containerBackends;
        this.backends = backends;
        this.groups = groups;
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

    /** Whether there is a {@code /dev/iommu}. */
    boolean offersIommufd() {
        return backends.iommufd().isPresent();
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
