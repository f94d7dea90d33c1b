// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.machine;

import java.util.List;
import java.util.Optional;

/**
 * The fsl-mc part of a machine: the containers below the root DPRC {@code dprc.1}, which always exists and is driven
 * natively.
 *
 * @param nativeDrivers names of the host's drivers for objects
 * @param objects what is in the root itself, without child containers; behind no IOMMU
 * @param containers containers in topology order, a parent before its children
 */
public record McSpec(List<String> nativeDrivers, List<ObjectSpec> objects, List<ContainerSpec> containers) {
    /** No fsl-mc bus. */
    public static final McSpec NONE = new McSpec(List.of(), List.of());

    /** Copies the lists. */
    public McSpec {
        nativeDrivers = List.copyOf(nativeDrivers);
        objects = List.copyOf(objects);
        containers = List.copyOf(containers);
    }

    /** Nothing in the root but containers. */
    public McSpec(List<String> nativeDrivers, List<ContainerSpec> containers) {
        this(nativeDrivers, List.of(), containers);
    }

    /**
     * A DPRC. Its objects share its isolation group, child containers have their own.
     *
     * @param id number, above 1, unique
     * @param parent number of the DPRC that contains it, 1 for the root
     * @param iommu the IOMMU unit in front of it and its group's number
     * @param driver bound at start: a VFIO bus driver or one of the native ones
     * @param objects what is inside, without child containers
     */
    public record ContainerSpec(
            int id, int parent, Placement iommu, Optional<String> driver, List<ObjectSpec> objects) {
        /** Copies the list. */
        public ContainerSpec {
            objects = List.copyOf(objects);
        }
    }

    /**
     * An object that is no container.
     *
     * @param type one of fsl-mc §1.4 without {@code dprc}
     * @param id number, unique within the type
     * @param irqs number of interrupts, 0 to 255
     * @param driver bound at start
     */
    public record ObjectSpec(String type, int id, int irqs, Optional<String> driver) {}
}
