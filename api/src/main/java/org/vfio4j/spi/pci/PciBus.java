// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.pci;

import java.util.List;

/** A PCI bus (kernel: {@code struct pci_bus}); compared by identity. */
public interface PciBus {
    /** Its number. */
    int number();

    /** Whether it is a root bus, with no bridge above. */
    boolean root();

    /** Functions on it, in address order. */
    List<PciFunction> functions();

    /** Whether the bridge above can reset it. */
    boolean resettable();

    /**
     * Resets every function on the bus and below.
     *
     * @throws org.vfio4j.uapi.VfioException ENOTTY when it cannot be reset
     */
    void reset();
}
