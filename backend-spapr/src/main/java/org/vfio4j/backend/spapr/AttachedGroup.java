// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.host.TceTableGroup;

/** A group of a container with its TCE side (kernel: {@code struct tce_iommu_group}). */
record AttachedGroup(IommuGroup group, TceTableGroup tables) {
    @Override
    public String toString() {
        return "group " + group.id();
    }
}
