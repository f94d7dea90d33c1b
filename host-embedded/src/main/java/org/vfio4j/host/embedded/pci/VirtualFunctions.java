// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.spi.pci.SriovControl;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The virtual functions of a physical one: the registers of its SR-IOV capability, which only the host changes, and the
 * functions that appear and vanish (kernel: {@code pci/iov.c}). Spec: pci §18.1.
 */
final class VirtualFunctions implements SriovControl {
    private static final Logger LOG = LoggerFactory.getLogger(VirtualFunctions.class);

    private final EmbeddedFunction physical;
    private final int at;
    private final @Nullable VirtualFunctionFactory factory;
    private final PciTopology topology;

    /** Those on the bus now, by number; replaced as a whole by the one thread that enables or disables. */
    private volatile List<EmbeddedFunction> present = List.of();

    /** How many are enabled; 0 until all are. */
    private volatile int enabled;

    private volatile boolean driversAutoprobe = true;

    /**
     * None enabled.
     *
     * @param at where the capability is
     * @param factory null when the machine cannot make any
     */
    VirtualFunctions(
            EmbeddedFunction physical, int at, @Nullable VirtualFunctionFactory factory, PciTopology topology) {
        this.physical = physical;
        this.at = at;
        this.factory = factory;
        this.topology = topology;
        // A captured function shows what it had.
        boolean on = (field(SriovCapability.CONTROL) & SriovCapability.ENABLE) != 0;
        this.enabled = on ? field(SriovCapability.NUMBER) : 0;
    }

    private int field(int offset) {
        return physical.readConfig(at + offset, 2);
    }

    @Override
    public int totalVfs() {
        return field(SriovCapability.TOTAL);
    }

    @Override
    public int numVfs() {
        return enabled;
    }

    int vfOffset() {
        return field(SriovCapability.OFFSET);
    }

    int vfStride() {
        return field(SriovCapability.STRIDE);
    }

    int vfDevice() {
        return field(SriovCapability.DEVICE);
    }

    @Override
    public List<PciFunction> virtualFunctions() {
        return List.copyOf(present);
    }

    @Override
    public boolean driversAutoprobe() {
        return driversAutoprobe;
    }

    void driversAutoprobe(boolean allowed) {
        driversAutoprobe = allowed;
    }

    @Override
    public boolean configuredBy(String nativeDriver) {
        return factory != null && factory.configuredBy(nativeDriver);
    }

    @Override
    public void enable(int count) {
        if (count < 1 || count > totalVfs() || enabled != 0) {
            throw new VfioException(
                    Errno.EINVAL,
                    "enabling of " + count + " virtual functions refused: " + physical.name() + " can have "
                            + totalVfs() + " and has " + enabled);
        }
        var makes = factory;
        if (makes == null) {
            throw new VfioException(
                    Errno.ENOMEM,
                    "enabling of virtual functions refused: nothing is known of those of " + physical.name()
                            + ", so there are no addresses for their registers");
        }
        registers(count, SriovCapability.ENABLE_WITH_MEMORY);
        try {
            for (int number = 0; number < count; number++) {
                add(makes, number);
            }
        } catch (Throwable e) {
            present.reversed().forEach(function -> remove(makes, function));
            registers(0, 0);
            throw e;
        }
        enabled = count;
    }

    private void add(VirtualFunctionFactory makes, int number) {
        var function = makes.make(number);
        var all = new ArrayList<>(present);
        all.add(function);
        present = List.copyOf(all);
        topology.add(function);
    }

    @Override
    public void disable() {
        var makes = factory;
        if (makes == null || enabled == 0) {
            return;
        }
        present.forEach(function -> remove(makes, function));
        registers(0, 0);
        enabled = 0;
    }

    /** Takes one off the bus, whatever a listener thinks of that, then apart. */
    private void remove(VirtualFunctionFactory makes, EmbeddedFunction function) {
        try {
            topology.remove(function);
        } catch (RuntimeException e) {
            LOG.warn("{} was not let go properly", function.name(), e);
        }
        present = present.stream().filter(other -> !other.equals(function)).toList();
        makes.unmake(function);
    }

    private void registers(int count, int control) {
        physical.setConfig(at + SriovCapability.NUMBER, 2, count, 0xffff);
        physical.setConfig(at + SriovCapability.CONTROL, 2, control, SriovCapability.ENABLE_WITH_MEMORY);
    }

    /** A reset of the physical function is one of those it enabled, unless they take part in it by themselves. */
    void resetExcept(List<EmbeddedFunction> others) {
        for (var function : present) {
            if (!others.contains(function)) {
                function.resetWithPhysical();
            }
        }
    }

    /** The machine is switched off; nobody uses any of them. */
    void close() {
        present.forEach(EmbeddedFunction::close);
    }
}
