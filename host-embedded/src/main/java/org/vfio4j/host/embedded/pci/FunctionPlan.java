// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.vfio4j.host.embedded.machine.SriovSpec;
import org.vfio4j.spi.model.DeviceSlot;
import org.vfio4j.spi.pci.PciAddress;
import org.vfio4j.spi.pci.PciResource;

/**
 * How to make a function.
 *
 * @param address where it is
 * @param description for people
 * @param config configuration space after firmware and bus enumeration, 256 or 4096 bytes
 * @param resources seven: six registers and the expansion ROM
 * @param resetMethods the methods it has; empty to derive them from capabilities and topology
 * @param slotReset whether, as a bridge, it resets the slot below it as a whole
 * @param captured sysfs attributes that a real function showed, newline included
 * @param sriov the virtual functions it can have
 * @param model makes what is behind the registers
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record FunctionPlan(
        PciAddress address,
        String description,
        byte[] config,
        List<PciResource> resources,
        Optional<List<String>> resetMethods,
        boolean slotReset,
        Map<String, String> captured,
        Optional<SriovPlan> sriov,
        ModelFactory model) {
    /** Copies the lists. */
    public FunctionPlan {
        resources = List.copyOf(resources);
        resetMethods = resetMethods.map(List::copyOf);
        captured = Map.copyOf(captured);
    }

    /** How to make a function without virtual functions. */
    FunctionPlan(
            PciAddress address,
            String description,
            byte[] config,
            List<PciResource> resources,
            Optional<List<String>> resetMethods,
            boolean slotReset,
            Map<String, String> captured,
            ModelFactory model) {
        this(address, description, config, resources, resetMethods, slotReset, captured, Optional.empty(), model);
    }

    /** The same function with virtual functions that can be enabled. */
    public FunctionPlan withVirtualFunctions(SriovSpec spec, BusAddresses addresses) {
        var plan = SriovPlan.of(spec, addresses);
        var extended =
                ConfigBuilder.of(config).virtualFunctions(spec, plan.bars()).build();
        return new FunctionPlan(
                address, description, extended, resources, resetMethods, slotReset, captured, Optional.of(plan), model);
    }

    /** Makes the model of one function. */
    @FunctionalInterface
    interface ModelFactory {
        /**
         * Makes it.
         *
         * @param interrupts how it asks for attention
         * @param slot its place, with its way to memory
         */
        FunctionModel create(FunctionInterrupts interrupts, DeviceSlot slot);
    }
}
