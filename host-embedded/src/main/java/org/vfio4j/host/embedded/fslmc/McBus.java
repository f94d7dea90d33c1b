// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.fslmc;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.IntConsumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.vfio4j.host.embedded.device.MachineSlot;
import org.vfio4j.host.embedded.machine.McSpec;
import org.vfio4j.spi.fslmc.McRegion;
import org.vfio4j.spi.host.Bus;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.memory.PhysicalMemory;

/**
 * The machine's fsl-mc bus: the root container {@code dprc.1}, natively driven, and the containers and objects of the
 * description below it. The objects neither come nor go while the machine runs, so listeners have nothing to hear.
 * Thread-safe. Spec: fsl-mc §1, §2, §11.
 */
public final class McBus implements Bus, AutoCloseable {
    static final String NAME = "fsl-mc";

    private static final int ROOT = 1;
    private static final String ROOT_PATH = "/devices/platform/fsl-mc";
    private static final long COMMAND_PORTALS = 0x8_0c00_0000L;
    private static final long SOFTWARE_PORTALS = 0x8_1800_0000L;

    private final ManagementComplex complex;
    private final McSpec spec;
    private final Function<McSpec.ContainerSpec, McIsolation> isolation;
    private final PhysicalMemory memory;
    private final Executor deviceThread;
    private final List<String> nativeDrivers;
    private final Arena arena = Arena.ofShared();
    private final List<EmbeddedMcObject> objects = new ArrayList<>();
    private long nextCommandPortal = COMMAND_PORTALS;
    private long nextSoftwarePortal = SOFTWARE_PORTALS;

    /**
     * The bus of a machine.
     *
     * @param spec containers and what is in them
     * @param isolation each container's group and IOMMU
     * @param memory what devices without IOMMU reach directly
     * @param deviceThread where devices move data
     */
    public McBus(
            McSpec spec,
            Function<McSpec.ContainerSpec, McIsolation> isolation,
            PhysicalMemory memory,
            Executor deviceThread) {
        this(spec, isolation, memory, deviceThread, McVersions.CURRENT);
    }

    /** The same with firmware of another version. */
    public McBus(
            McSpec spec,
            Function<McSpec.ContainerSpec, McIsolation> isolation,
            PhysicalMemory memory,
            Executor deviceThread,
            McVersions versions) {
        this.complex = new ManagementComplex(versions);
        this.spec = spec;
        this.isolation = isolation;
        this.memory = memory;
        this.deviceThread = deviceThread;
        this.nativeDrivers = Stream.concat(Stream.of(EmbeddedMcObject.CONTAINER_DRIVER), spec.nativeDrivers().stream())
                .distinct()
                .toList();
        var root = object("dprc", ROOT, 1, null, McIsolation.NONE, Optional.of(EmbeddedMcObject.CONTAINER_DRIVER));
        build(root);
    }

    /** Builds what is in a container: objects in order of description, then child containers with theirs. */
    private void build(EmbeddedMcObject container) {
        for (var child : spec.containers()) {
            if (child.parent() == container.id()) {
                var behind = isolation.apply(child);
                var made = object("dprc", child.id(), 1, container, behind, child.driver());
                made.add(commandPortal(made));
                for (var object : child.objects()) {
                    addRegions(object(object.type(), object.id(), object.irqs(), made, behind, object.driver()), made);
                }
                build(made);
            }
        }
    }

    private EmbeddedMcObject object(
            String type,
            int id,
            int irqs,
            @Nullable EmbeddedMcObject container,
            McIsolation behind,
            Optional<String> driver) {
        String name = type + "." + id;
        var slot = new MachineSlot(new MachineSlot.Plan(
                name,
                (container == null ? ROOT_PATH : container.sysfsPath()) + "/" + name,
                driver,
                behind.group(),
                behind.capabilities(),
                behind.reserved(),
                nativeDrivers));
        var object = new EmbeddedMcObject(type, id, irqs, container, slot, complex);
        if (type.equals("dpio")) {
            object.add(portalDma(object, slot));
        }
        slot.install(object, () -> true, memory);
        objects.add(object);
        return object;
    }

    private void addRegions(EmbeddedMcObject object, EmbeddedMcObject container) {
        switch (object.type()) {
            case "dpmcp" -> object.add(commandPortal(container));
            case "dpio" -> {
                object.add(softwarePortal(false, false));
                object.add(softwarePortal(true, true));
            }
            default -> {
                // Nothing else has registers that software sees.
            }
        }
    }

    private CommandPortal commandPortal(EmbeddedMcObject container) {
        int size = complex.versions().commandPortalSize();
        var region = new McRegion(nextCommandPortal, size, McRegion.Kind.MC_PORTAL, false, false);
        nextCommandPortal += size;
        return new CommandPortal(region, allocate(size), container, complex);
    }

    private PlainPortal softwarePortal(boolean cacheable, boolean shareable) {
        var region = softwareRegion(cacheable, shareable);
        return new PlainPortal(region, allocate(region.size()));
    }

    private PortalDma portalDma(EmbeddedMcObject object, MachineSlot slot) {
        var region = softwareRegion(true, false);
        return new PortalDma(
                region,
                allocate(region.size()),
                arena.allocate(PortalDma.BUFFER_LENGTH, PortalDma.BUFFER_LENGTH),
                slot.dma(),
                deviceThread,
                object.interrupts());
    }

    private McRegion softwareRegion(boolean cacheable, boolean shareable) {
        int size = complex.versions().softwarePortalSize();
        var region = new McRegion(nextSoftwarePortal, size, McRegion.Kind.QBMAN_PORTAL, cacheable, shareable);
        nextSoftwarePortal += size;
        return region;
    }

    private PortalMemory allocate(long size) {
        return new PortalMemory(arena.allocate(size, Math.min(size, memory.pageSize())));
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<BusDevice> devices() {
        return List.copyOf(objects);
    }

    @Override
    public List<String> nativeDrivers() {
        return nativeDrivers;
    }

    @Override
    public AutoCloseable listen(Listener listener) {
        return () -> {};
    }

    /**
     * Makes an object want attention, as if something had happened to it.
     *
     * @param object its name
     * @param index of the interrupt
     */
    public void raise(String object, int index) {
        find(object).interrupts().raise(index, 1);
    }

    /**
     * Lets the firmware answer a command with a status instead of carrying it out.
     *
     * @param command id of the command
     * @param status the answer; OK ends it
     */
    public void answer(int command, McStatus status) {
        complex.answer(command, status);
    }

    /** Lets the firmware never answer a command, or answer it again. */
    public void ignore(int command, boolean never) {
        complex.ignore(command, never);
    }

    /**
     * Lets somebody hear of every command that the firmware gets from now on, whoever sends it.
     *
     * @param commands is told the command's id; must not call the bus
     */
    public void tap(IntConsumer commands) {
        complex.tap(commands);
    }

    /** Interrupt vectors that are free in an object's container. */
    public int freeVectors(String object) {
        return find(object).pool().available();
    }

    private EmbeddedMcObject find(String name) {
        return objects.stream()
                .filter(object -> object.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("there is no object " + name));
    }

    /** Switches the objects off; no device works any more. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
