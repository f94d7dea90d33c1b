// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.pci;

import java.util.List;

/**
 * A PCI bus (kernel: {@code struct pci_bus}); compared by identity. As a {@link PciResetScope} it is everything on the bus
 * and below.
 */
public interface PciBus extends PciResetScope {
    /** Its number. */
    int number();

    /** Whether it is a root bus, with no bridge above. */
    boolean root();

    /** Functions on it, in address order. */
    List<PciFunction> functions();

    /**
     * Whether the bridge above can reset it (kernel: {@code pci_probe_reset_bus}): never on a root bus, and not when the
     * bridge or a function below must not be reset in that way.
     */
    boolean resettable();
}
