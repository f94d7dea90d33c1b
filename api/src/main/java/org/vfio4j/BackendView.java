// SPDX-License-Identifier: Apache-2.0
package org.vfio4j;

import java.util.List;
import org.vfio4j.spi.iommu.ContainerDriver;

/**
 * A backend found on the module path.
 *
 * @param name its name
 * @param description one line
 * @param priority place in the order in which containers ask, highest first
 * @param types container types it offers
 * @param iommufd whether it offers {@code /dev/iommu}
 * @param module name of its module
 * @param location where the module was loaded from
 */
public record BackendView(
        String name,
        String description,
        int priority,
        List<ContainerDriver.Type> types,
        boolean iommufd,
        String module,
        String location) {
    /** Copies the list. */
    public BackendView {
        types = List.copyOf(types);
    }
}
