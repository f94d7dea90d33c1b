// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.pci.PciBus;
import org.vfio4j.spi.pci.PciFunction;

/** A bus of the machine. Built by one thread, unchanged afterwards. */
public final class PciBusNode implements PciBus {
    private final int segment;
    private final int number;
    private final @Nullable EmbeddedFunction bridge;
    private final List<PciFunction> functions = new ArrayList<>();

    /**
     * An empty bus.
     *
     * @param bridge the function above it; null makes it a root bus
     */
    public PciBusNode(int segment, int number, @Nullable EmbeddedFunction bridge) {
        this.segment = segment;
        this.number = number;
        this.bridge = bridge;
        if (bridge != null) {
            bridge.leadTo(this);
        }
    }

    void add(EmbeddedFunction function) {
        functions.add(function);
    }

    /** The function above; null on a root bus. */
    @Nullable
    EmbeddedFunction bridge() {
        return bridge;
    }

    /** Path of the bus itself below {@code /sys}. */
    public String sysfsPath() {
        return bridge == null ? String.format("/devices/pci%04x:%02x", segment, number) : bridge.sysfsPath();
    }

    @Override
    public int number() {
        return number;
    }

    @Override
    public boolean root() {
        return bridge == null;
    }

    @Override
    public List<PciFunction> functions() {
        return List.copyOf(functions);
    }

    @Override
    public boolean resettable() {
        return bridge != null;
    }

    @Override
    public void reset() {
        FunctionReset.bus(this);
    }

    /** The bus as {@code /sys/class/pci_bus} names it. */
    @Override
    public String toString() {
        return String.format("bus %04x:%02x", segment, number);
    }
}
