// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.fslmc;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.vfio4j.host.embedded.iommu.EmbeddedGroup;
import org.vfio4j.spi.host.IommuCapability;
import org.vfio4j.spi.host.ReservedRegion;

/**
 * What the IOMMU tells a container's requests apart by (fsl-mc: the ICID), the same for all its objects. Spec: fsl-mc §1.2.
 *
 * @param group the container's isolation group, empty without IOMMU
 * @param capabilities of the IOMMU unit
 * @param reserved regions mappings must avoid
 */
public record McIsolation(
        Optional<EmbeddedGroup> group, Set<IommuCapability> capabilities, List<ReservedRegion> reserved) {
    /** No IOMMU. */
    public static final McIsolation NONE = new McIsolation(Optional.empty(), Set.of(), List.of());

    /** Copies the collections. */
    public McIsolation {
        capabilities = Set.copyOf(capabilities);
        reserved = List.copyOf(reserved);
    }
}
