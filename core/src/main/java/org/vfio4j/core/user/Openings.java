// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import org.vfio4j.core.registry.Backends;
import org.vfio4j.core.tree.DeviceTree;
import org.vfio4j.core.vfio.DeviceRegistry;
import org.vfio4j.spi.memory.PhysicalMemory;

/** Opens nodes for the program. What it returns is not remembered yet: see {@link Handles#track}. */
@Singleton
final class Openings {
    private final DeviceTree tree;
    private final DeviceRegistry devices;
    private final Backends backends;
    private final ProgramCaller caller;
    private final Handles handles;
    private final int pageSize;

    @Inject
    Openings(
            DeviceTree tree,
            DeviceRegistry devices,
            Backends backends,
            ProgramCaller caller,
            Handles handles,
            PhysicalMemory memory) {
        this.tree = tree;
        this.devices = devices;
        this.backends = backends;
        this.caller = caller;
        this.handles = handles;
        this.pageSize = memory.pageSize();
    }

    ContainerHandle container() {
        return new ContainerHandle(tree.newContainer(), caller, handles, pageSize);
    }

    GroupHandle group(int number) {
        return new GroupHandle(tree.openGroup(caller, number), caller, handles);
    }

    IommufdHandle iommufd() {
        var file = tree.openIommufd();
        String backend = backends.iommufd().map(Backends.NamedIommufd::name).orElse("iommufd");
        return new IommufdHandle(file, backend, caller, handles, pageSize);
    }

    DeviceFileHandle deviceFile(int index) {
        return new DeviceFileHandle(devices.openNode(index), handles);
    }

    ProgramCaller caller() {
        return caller;
    }
}
