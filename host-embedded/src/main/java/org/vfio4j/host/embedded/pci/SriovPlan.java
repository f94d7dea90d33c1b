// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.vfio4j.host.embedded.machine.SriovSpec;
import org.vfio4j.spi.pci.PciAddress;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.spi.pci.PciResource;

/**
 * How to make the virtual functions of a physical one: their place, their registers' addresses and what is behind those. Their
 * own configuration space names no vendor and no addresses; the physical function's SR-IOV capability does. Spec: pci §9.8, §21
 * S07.
 *
 * @param spec as the machine describes them
 * @param bars seven resources of the first one; those of the others follow
 */
public record SriovPlan(SriovSpec spec, List<PciResource> bars) {
    /** Vectors a virtual function has where its model does not say how many. */
    private static final int VECTORS = 3;

    private static final int NO_ID = 0xffff;

    /** Copies the list. */
    public SriovPlan {
        bars = List.copyOf(bars);
    }

    /** A plan with addresses for the registers of all. */
    static SriovPlan of(SriovSpec spec, BusAddresses addresses) {
        var bars = new ArrayList<PciResource>();
        for (int index = 0; index <= PciFunction.ROM; index++) {
            long length = switch (spec.vfModel()) {
                case EDU -> index == 0 ? EduModel.LENGTH : 0;
                case QUEUE -> index == 0 ? QueueLayout.LENGTH : 0;
                case MEMORY -> spec.vfBars().getOrDefault(index, 0L);
            };
            bars.add(
                    length == 0
                            ? PciResource.NONE
                            : addresses.assign(
                                    new PciResource(0, length, PciResource.Kind.MEMORY, false, true), spec.totalVfs()));
        }
        return new SriovPlan(spec, bars);
    }

    /** The registers of a virtual function. */
    List<PciResource> resources(int number) {
        return bars.stream()
                .map(bar -> bar.present()
                        ? new PciResource(
                                bar.start() + number * bar.length(),
                                bar.length(),
                                bar.kind(),
                                bar.prefetchable(),
                                bar.wide())
                        : bar)
                .toList();
    }

    /** How to make a virtual function. */
    public FunctionPlan virtualFunction(FunctionPlan physical, PciAddress address, int number, Executor devices) {
        var resources = resources(number);
        var config = new ConfigBuilder(4096)
                .identity(
                        NO_ID,
                        NO_ID,
                        physical.config()[0x08] & 0xff,
                        LittleEndian.get(physical.config(), 0x08, 4) >>> 8)
                .subsystem(LittleEndian.get(physical.config(), 0x2c, 2), LittleEndian.get(physical.config(), 0x2e, 2))
                .command(0)
                // As hardware was seen to do although it has no line.
                .interruptPin(1)
                .express(0x60, 0, true);
        messages(config);
        return new FunctionPlan(
                address,
                "virtual function " + number + " of " + physical.address(),
                config.errorReporting(0x100).build(),
                resources,
                Optional.empty(),
                false,
                Map.of(),
                model(resources, devices));
    }

    /** The vector table lies where the model has no registers. */
    private void messages(ConfigBuilder config) {
        switch (spec.vfModel()) {
            case EDU -> config.extendedMessages(0x50, VECTORS, 0, 0x80000, 0x81000);
            case QUEUE ->
                config.extendedMessages(
                        0x50, QueueLayout.VECTORS, 0, QueueLayout.VECTOR_TABLE, QueueLayout.PENDING_BITS);
            case MEMORY -> {
                int bar = 0;
                while (!bars.get(bar).present()) {
                    bar++;
                }
                int half = (int) bars.get(bar).length() / 2;
                config.extendedMessages(0x50, VECTORS, bar, half, half + half / 2);
            }
        }
    }

    private FunctionPlan.ModelFactory model(List<PciResource> resources, Executor devices) {
        return switch (spec.vfModel()) {
            case EDU -> {
                long mask = spec.vfDmaMask() == 0 ? EduModel.DEFAULT_DMA_MASK : spec.vfDmaMask();
                yield (interrupts, slot) -> new EduModel(interrupts, slot.dma(), devices, mask);
            }
            case QUEUE -> (interrupts, slot) -> new QueueModel(interrupts, slot, devices);
            case MEMORY -> (interrupts, slot) -> new MemoryModel(resources, slot);
        };
    }
}
