// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import java.util.Set;
import org.vfio4j.spi.host.IommuCapability;

/** One piece of IOMMU hardware of the machine (kernel: {@code struct iommu_device}). Thread-safe. */
public interface IommuUnit extends AutoCloseable {
    /** Name in the machine description. */
    String name();

    /** What it can do for every device behind it; a device may offer less. */
    Set<IommuCapability> capabilities();

    /**
     * Makes an isolation group behind this unit, without members.
     *
     * @param id number, unique on the machine
     */
    EmbeddedGroup newGroup(int id);

    /** Frees what the unit keeps. Idempotent; the unit is switched off and makes no domains any more. */
    @Override
    void close();
}
