// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.tree;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import org.vfio4j.core.driver.VirtualFunctions;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.pci.PciFunction;

/** What the directories of physical and virtual functions have because of each other. Spec: pci §18.1, §21.4. */
@Singleton
final class SriovEntries {
    private final VirtualFunctions virtualFunctions;

    @Inject
    SriovEntries(VirtualFunctions virtualFunctions) {
        this.virtualFunctions = virtualFunctions;
    }

    /** Adds {@code sriov_numvfs}, {@code virtfnN} and {@code physfn} where they belong. */
    void fill(BusDevice device, Entries directory) {
        if (!(device instanceof PciFunction function)) {
            return;
        }
        String path = "/sys" + device.sysfsPath();
        var sriov = function.sriov();
        if (sriov != null) {
            directory.add(
                    "sriov_numvfs",
                    TextAttribute.variable(
                            () -> sriov.numVfs() + "\n", text -> virtualFunctions.change(function, sriov, text)));
            int number = 0;
            for (var virtual : sriov.virtualFunctions()) {
                directory.add("virtfn" + number++, TreeLink.between(path, "/sys" + virtual.sysfsPath()));
            }
        }
        var physical = function.physicalFunction();
        if (physical != null) {
            directory.add("physfn", TreeLink.between(path, "/sys" + physical.sysfsPath()));
        }
    }
}
