// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.machine;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a machine consists of. Consistent in itself: names are unique, and what refers to something refers to something
 * there.
 *
 * @param name for people
 * @param builtIn whether this is the machine taken when none is chosen, which gets the third-party models that want it
 * @param iommus IOMMU units
 * @param pci PCI functions
 * @param mdev mdev parents and devices
 * @param fslMc fsl-mc containers
 * @param models devices of third-party models
 */
public record MachineDescription(
        String name,
        boolean builtIn,
        List<IommuSpec> iommus,
        PciSpec pci,
        MdevSpec mdev,
        McSpec fslMc,
        List<ModelSpec> models) {
    /** Copies the lists. */
    public MachineDescription {
        iommus = List.copyOf(iommus);
        models = List.copyOf(models);
    }

    /**
     * A device of a third-party model.
     *
     * @param model the model's name, resolved when the machine starts
     * @param name the device's name
     * @param placement its IOMMU unit and group
     * @param driver bound at start
     * @param properties what its model is told
     */
    public record ModelSpec(
            String model, String name, Placement placement, Optional<String> driver, Map<String, String> properties) {
        /** Copies the map. */
        public ModelSpec {
            properties = Map.copyOf(properties);
        }
    }
}
