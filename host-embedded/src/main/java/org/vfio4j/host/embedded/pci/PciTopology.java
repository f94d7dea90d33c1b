// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

import java.util.ArrayList;
import java.util.List;
import org.vfio4j.spi.host.Bus;
import org.vfio4j.spi.host.BusDevice;

/**
 * The bus type {@code pci} of the machine: every function of every bus. Functions neither come nor go while the machine
 * runs, so listeners have nothing to hear.
 */
public final class PciTopology implements Bus {
    private final List<String> nativeDrivers;
    private final List<BusDevice> devices;

    /**
     * A complete topology.
     *
     * @param functions in address order
     * @param others devices of third-party models on this bus
     */
    public PciTopology(List<String> nativeDrivers, List<EmbeddedFunction> functions, List<BusDevice> others) {
        this.nativeDrivers = List.copyOf(nativeDrivers);
        var all = new ArrayList<BusDevice>(functions);
        all.addAll(others);
        this.devices = List.copyOf(all);
    }

    @Override
    public String name() {
        return "pci";
    }

    @Override
    public List<BusDevice> devices() {
        return devices;
    }

    @Override
    public List<String> nativeDrivers() {
        return nativeDrivers;
    }

    @Override
    public AutoCloseable listen(Listener listener) {
        return () -> {};
    }
}
