// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.fslmc;

import java.lang.foreign.Arena;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.IntConsumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.vfio4j.host.embedded.device.MachineSlot;
import org.vfio4j.host.embedded.device.TextAttribute;
import org.vfio4j.host.embedded.machine.McSpec;
import org.vfio4j.spi.fslmc.McObject;
import org.vfio4j.spi.fslmc.McRegion;
import org.vfio4j.spi.host.Bus;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.BusNode;
import org.vfio4j.spi.host.DeviceAttribute;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The machine's fsl-mc bus: the root container {@code dprc.1}, natively driven, and the containers and objects of the
 * description below it. The firmware has all of them from the start; on the bus is what the drivers of containers found when
 * they looked. Objects can be made, moved, plugged and destroyed while the machine runs. Thread-safe. Spec: fsl-mc §1, §2,
 * §11.
 */
public final class McBus implements Bus, AutoCloseable {
    static final String NAME = "fsl-mc";

    private static final int ROOT = 1;
    private static final String ROOT_PATH = "/devices/platform/fsl-mc";
    private static final long COMMAND_PORTALS = 0x8_0c00_0000L;
    private static final long SOFTWARE_PORTALS = 0x8_1800_0000L;

    private final ManagementComplex complex;
    private final McScanner scanner;
    private final McUserNode userNode;
    private final EmbeddedMcObject root;
    private final McSpec spec;
    private final Function<McSpec.ContainerSpec, McIsolation> isolation;
    private final PhysicalMemory memory;
    private final Executor deviceThread;
    private final List<String> nativeDrivers;
    private final Arena arena = Arena.ofShared();

    /** Isolation of containers; filled while the machine is built. */
    private final Map<EmbeddedMcObject, McIsolation> isolated = new HashMap<>();

    // Guarded by the firmware lock once the machine runs.
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
        this.scanner = new McScanner(complex, memory);
        this.spec = spec;
        this.isolation = isolation;
        this.memory = memory;
        this.deviceThread = deviceThread;
        this.nativeDrivers = Stream.concat(Stream.of(EmbeddedMcObject.CONTAINER_DRIVER), spec.nativeDrivers().stream())
                .distinct()
                .toList();
        this.root = object("dprc", ROOT, 1, null, McIsolation.NONE, Optional.of(EmbeddedMcObject.CONTAINER_DRIVER));
        this.userNode = new McUserNode(root, complex);
        complex.add(root);
        addObjects(root, spec.objects());
        build(root);
        complex.factory((container, type, id, irqs) -> made(container, type, id, irqs, Optional.empty()));
        scanner.addRoot(root);
        root.bindNative(EmbeddedMcObject.CONTAINER_DRIVER);
    }

    /** Builds what is in a container: objects in order of description, then child containers with theirs. */
    private void build(EmbeddedMcObject container) {
        for (var child : spec.containers()) {
            if (child.parent() == container.id()) {
                var behind = isolation.apply(child);
                var made = object("dprc", child.id(), 1, container, behind, child.driver());
                made.add(commandPortal(made));
                complex.add(made);
                addObjects(made, child.objects());
                build(made);
            }
        }
    }

    private void addObjects(EmbeddedMcObject container, List<McSpec.ObjectSpec> objects) {
        for (var object : objects) {
            complex.add(made(container, object.type(), object.id(), object.irqs(), object.driver()));
        }
    }

    /** An object with the regions of its type, which the firmware does not know yet. */
    private EmbeddedMcObject made(EmbeddedMcObject container, String type, int id, int irqs, Optional<String> driver) {
        var behind = isolated.getOrDefault(container, McIsolation.NONE);
        var object = object(type, id, irqs, container, behind, driver);
        addRegions(object, container);
        return object;
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
        var object = new EmbeddedMcObject(type, id, irqs, container, slot, complex, scanner);
        if (type.equals("dpio")) {
            object.add(portalDma(object, slot));
        }
        if (type.equals("dprc")) {
            isolated.put(object, behind);
        }
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
        return scanner.devices();
    }

    @Override
    public List<String> nativeDrivers() {
        return nativeDrivers;
    }

    @Override
    public AutoCloseable listen(Listener listener) {
        return scanner.listen(listener);
    }

    /** Spec: fsl-mc §2.1. */
    @Override
    public Map<String, DeviceAttribute> attributes() {
        return Map.of(
                "rescan",
                new TextAttribute(0200, null, text -> {
                    if (unsigned(text) != 0) {
                        rescan();
                    }
                }),
                "autorescan",
                TextAttribute.variable(
                        () -> root.interrupts().isEnabled(0) ? "1" : "0",
                        text -> root.hostSide().enableEvents(unsigned(text) != 0)));
    }

    /** Kernel: {@code kstrtoul}. */
    private static long unsigned(String text) {
        if (text.startsWith("-")) {
            throw new VfioException(Errno.EINVAL, "\"" + text.strip() + "\" is negative");
        }
        return TextAttribute.number(text);
    }

    @Override
    public List<BusNode> nodes() {
        return root.nativeDriver().isPresent() ? List.of(userNode) : List.of();
    }

    /** Looks again into the root and every container below that its driver has looked into (attribute {@code rescan}). */
    public void rescan() {
        scanner.rescan(root);
    }

    /**
     * An object, whether it is on the bus or only in the firmware.
     *
     * @throws IllegalArgumentException when there is none of the name
     */
    public McObject object(String name) {
        return find(name);
    }

    /**
     * Makes an object while the machine runs, plugged; it comes onto the bus with the next look into its container.
     *
     * @param container name of a DPRC
     * @param object its driver is of no account; any type, also one nobody knows
     */
    public void create(String container, McSpec.ObjectSpec object) {
        complex.add(made(find(container), object.type(), object.id(), object.irqs(), Optional.empty()));
    }

    /**
     * Makes a container without a command portal, and so without any region.
     *
     * @param container name of the DPRC it is in, whose isolation it shares
     * @param id of the new one
     */
    public void createWithoutPortal(String container, int id) {
        var parent = find(container);
        complex.add(object("dprc", id, 1, parent, isolated.getOrDefault(parent, McIsolation.NONE), Optional.empty()));
    }

    /** Lets an object that is not on the bus yet claim a region, which only some types can have. */
    public void addPortal(String object) {
        var found = find(object);
        found.add(commandPortal(found));
    }

    /** Destroys an object; it goes from the bus with the next look into its container. */
    public void destroy(String object) {
        complex.remove(find(object));
    }

    /** Makes an object usable or unusable; its driver hears of it with the next look into its container. */
    public void plug(String object, boolean usable) {
        complex.plug(find(object), usable);
    }

    /**
     * Lets somebody have a container's command portal, so that no driver can.
     *
     * @param owner whom refusals name
     */
    public void occupy(String container, String owner) {
        find(container).claimPortal(owner);
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
        complex.answer(command, OptionalLong.empty(), status);
    }

    /** The same for commands with a certain first word of parameters only. */
    public void answer(int command, long parameter, McStatus status) {
        complex.answer(command, OptionalLong.of(parameter), status);
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
        return complex.objects().stream()
                .filter(object -> object.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("there is no object " + name));
    }

    /** Switches the objects off; no device works any more. */
    @Override
    public void close() {
        scanner.close();
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
