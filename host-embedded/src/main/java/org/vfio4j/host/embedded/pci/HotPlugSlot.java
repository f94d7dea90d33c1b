// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

import java.util.List;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.spi.pci.PciResetScope;

/**
 * A slot for cards that its bridge can reset (kernel: {@code struct pci_slot} of a hot-plug driver that offers slot reset).
 * All functions of the bus below the bridge are in it. Immutable.
 */
final class HotPlugSlot implements PciResetScope {
    private final PciBusNode bus;

    HotPlugSlot(PciBusNode bus) {
        this.bus = bus;
    }

    @Override
    public List<PciFunction> affected() {
        return bus.affected();
    }

    @Override
    public void reset() {
        FunctionReset.all(bus.withBelow(), toString());
    }

    @Override
    public String toString() {
        return "slot of " + bus;
    }
}
