// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.vfio4j.spi.pci.PciAddress;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.spi.pci.PciResource;

/** The kinds of function the machine knows, with the identities they show. Spec: pci §21. */
public final class FunctionPlans {
    private static final int QEMU = 0x1234;
    private static final int RED_HAT_QUMRANET = 0x1af4;
    private static final int RED_HAT = 0x1b36;
    private static final int INTEL = 0x8086;

    private FunctionPlans() {}

    /**
     * Where a function is and how it shares its device.
     *
     * @param address its address
     * @param multiFunction whether its device number has other functions
     */
    public record Place(PciAddress address, boolean multiFunction) {}

    /**
     * The edu device.
     *
     * @param express whether it is a PCI Express endpoint with function-level reset
     * @param dmaMask address bits its DMA engine drives; 0 for QEMU's 28 bits
     */
    public static FunctionPlan edu(
            Place place, boolean express, long dmaMask, Executor devices, BusAddresses addresses) {
        var resources = addresses.assign(registers(memory(EduModel.LENGTH)));
        var config = new ConfigBuilder(express ? 4096 : 256)
                .identity(QEMU, 0x11e8, 0x10, 0x00ff00)
                .subsystem(RED_HAT_QUMRANET, 0x1100)
                .multiFunction(place.multiFunction)
                .interruptPin(1)
                .resources(resources);
        if (express) {
            config.power(0x50, true)
                    .messages(0x40, 1)
                    .express(0x60, 0, true)
                    .errorReporting(0x100)
                    .serialNumber(0x150, 0x0011_e800_ff00_1234L);
        } else {
            config.messages(0x40, 1);
        }
        long mask = dmaMask == 0 ? EduModel.DEFAULT_DMA_MASK : dmaMask;
        return new FunctionPlan(
                place.address,
                express ? "edu, PCI Express" : "edu",
                config.build(),
                resources,
                Optional.empty(),
                false,
                Map.of(),
                (interrupts, slot) -> new EduModel(interrupts, slot.dma(), devices, mask));
    }

    /** A device with rings in memory and doorbells that users map, as a PCI Express endpoint with function-level reset. */
    public static FunctionPlan queue(Place place, Executor devices, BusAddresses addresses) {
        var resources = addresses.assign(registers(memory(QueueLayout.LENGTH)));
        var config = new ConfigBuilder(4096)
                .identity(QEMU, 0x11e9, 0x01, 0x120000)
                .subsystem(RED_HAT_QUMRANET, 0x1100)
                .multiFunction(place.multiFunction)
                .resources(resources)
                .power(0x40, true)
                .extendedMessages(0x50, QueueLayout.VECTORS, 0, QueueLayout.VECTOR_TABLE, QueueLayout.PENDING_BITS)
                .express(0x60, 0, true)
                .errorReporting(0x100)
                .serialNumber(0x150, 0x0011_e900_ff00_1234L)
                .build();
        return new FunctionPlan(
                place.address,
                "queue device",
                config,
                resources,
                Optional.empty(),
                false,
                Map.of(),
                (interrupts, slot) -> new QueueModel(interrupts, slot, devices));
    }

    /** One function of a plain network card without behaviour: registers are memory, MSI and MSI-X, reset through D3hot. */
    public static FunctionPlan multi(Place place, BusAddresses addresses) {
        var resources = addresses.assign(registers(memory(128 << 10), memory(128 << 10), ports(32), memory(16 << 10)));
        var config = new ConfigBuilder(4096)
                .identity(INTEL, 0x10d3, 0, 0x020000)
                .subsystem(INTEL, 0)
                .multiFunction(place.multiFunction)
                .interruptPin(1 + place.address.function() % 4)
                .resources(resources)
                .power(0xc8, false)
                .messages(0xd0, 1)
                .express(0xe0, 0, false)
                .extendedMessages(0xa0, 5, 3, 0, 0x2000)
                .errorReporting(0x100)
                .serialNumber(0x140, 0x5254_00ff_ff12_3456L)
                .build();
        return new FunctionPlan(
                place.address,
                "plain multi-function card",
                config,
                resources,
                Optional.empty(),
                false,
                Map.of(),
                (interrupts, slot) -> new MemoryModel(resources, slot));
    }

    /**
     * A bridge.
     *
     * @param conventional PCI Express to conventional PCI instead of a root port
     * @param secondary number of the bus below
     * @param subordinate highest bus number below
     * @param slotReset whether it resets the slot below as a whole
     */
    public static FunctionPlan bridge(
            Place place,
            boolean conventional,
            int secondary,
            int subordinate,
            boolean slotReset,
            BusAddresses.Windows windows) {
        var none = registers();
        var config = new ConfigBuilder(4096)
                .identity(RED_HAT, conventional ? 0x000e : 0x000c, 0, 0x060400)
                .multiFunction(place.multiFunction)
                .bridge(place.address.bus(), secondary, subordinate, windows.io(), windows.memory())
                .express(0x54, conventional ? 7 : 4, false)
                .build();
        return new FunctionPlan(
                place.address,
                conventional ? "PCI Express to PCI bridge" : "PCI Express root port",
                config,
                none,
                Optional.of(List.of()),
                slotReset,
                Map.of(),
                (interrupts, slot) -> new MemoryModel(none, slot));
    }

    /**
     * A function of which only configuration space and register sizes are known.
     *
     * @param resetMethods the methods it showed; empty to derive them
     * @param captured sysfs attributes it showed
     */
    public static FunctionPlan image(
            PciAddress address,
            String description,
            byte[] config,
            List<PciResource> resources,
            Optional<List<String>> resetMethods,
            Map<String, String> captured) {
        return new FunctionPlan(
                address,
                description,
                config,
                resources,
                resetMethods,
                false,
                captured,
                (interrupts, slot) -> new MemoryModel(resources, slot));
    }

    private static PciResource memory(long length) {
        return new PciResource(0, length, PciResource.Kind.MEMORY, false, false);
    }

    private static PciResource ports(long length) {
        return new PciResource(0, length, PciResource.Kind.IO, false, false);
    }

    private static List<PciResource> registers(PciResource... first) {
        var all = new ArrayList<>(List.of(first));
        while (all.size() <= PciFunction.ROM) {
            all.add(PciResource.NONE);
        }
        return all;
    }
}
