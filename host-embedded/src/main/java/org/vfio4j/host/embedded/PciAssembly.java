// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.vfio4j.host.embedded.device.MachineSlot;
import org.vfio4j.host.embedded.iommu.IommuUnit;
import org.vfio4j.host.embedded.machine.PciSpec;
import org.vfio4j.host.embedded.machine.PciSpec.FunctionSpec;
import org.vfio4j.host.embedded.pci.BusAddresses;
import org.vfio4j.host.embedded.pci.EmbeddedFunction;
import org.vfio4j.host.embedded.pci.FunctionPlan;
import org.vfio4j.host.embedded.pci.FunctionPlans;
import org.vfio4j.host.embedded.pci.PciBusNode;
import org.vfio4j.host.embedded.pci.PciTopology;
import org.vfio4j.host.embedded.register.DoorbellPoller;
import org.vfio4j.spi.host.ReservedRegion;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.pci.PciAddress;

/** Builds the PCI part of a machine: bus numbers, addresses, isolation, then the functions. */
final class PciAssembly {
    private final PciSpec spec;
    private final Executor devices;
    private final PciTopology topology;

    /** Functions by segment and bus, in address order. */
    private final Map<Integer, List<FunctionSpec>> onBus = new HashMap<>();

    /** The bridge that leads to a bus, by segment and bus. */
    private final Map<Integer, FunctionSpec> leading = new HashMap<>();

    private final Map<PciAddress, FunctionPlan> plans = new HashMap<>();
    private final BusAddresses addresses = new BusAddresses();

    PciAssembly(PciSpec spec, Executor devices) {
        this.spec = spec;
        this.devices = devices;
        this.topology = new PciTopology(spec.nativeDrivers());
        for (var function : spec.functions()) {
            onBus.computeIfAbsent(bus(function.address()), key -> new ArrayList<>())
                    .add(function);
            int secondary = secondary(function);
            if (secondary > function.address().bus()) {
                leading.putIfAbsent((function.address().segment() << 8) | secondary, function);
            }
        }
        // Root buses first: their bridges plan what is below them, between opening and closing their windows.
        for (var function : spec.functions()) {
            if (!leading.containsKey(bus(function.address()))) {
                plan(function);
            }
        }
    }

    private static int bus(PciAddress address) {
        return (address.segment() << 8) | address.bus();
    }

    private static int secondary(FunctionSpec function) {
        return switch (function.model()) {
            case PciSpec.Bridge bridge -> bridge.secondary();
            case PciSpec.Image image when image.bridge() -> image.secondary();
            default -> 0;
        };
    }

    private boolean multiFunction(PciAddress address) {
        return onBus.getOrDefault(bus(address), List.of()).stream()
                        .filter(other -> other.address().device() == address.device())
                        .count()
                > 1;
    }

    private void plan(FunctionSpec function) {
        var address = function.address();
        var place = new FunctionPlans.Place(address, multiFunction(address));
        var plan = switch (function.model()) {
            case PciSpec.Edu edu -> FunctionPlans.edu(place, edu.express(), edu.dmaMask(), devices, addresses);
            case PciSpec.Queue queue -> FunctionPlans.queue(place, devices, addresses);
            case PciSpec.Multi multi -> FunctionPlans.multi(place, addresses);
            case PciSpec.Bridge bridge -> planBridge(place, function, bridge);
            case PciSpec.Image image -> {
                planBelow(address.segment(), image.bridge() ? image.secondary() : 0, function);
                yield FunctionPlans.image(
                        address,
                        image.description(),
                        image.config(),
                        image.resources(),
                        image.resetMethods(),
                        image.attributes());
            }
        };
        plans.put(
                address,
                function.sriov()
                        .map(sriov -> plan.withVirtualFunctions(sriov, addresses))
                        .orElse(plan));
    }

    private FunctionPlan planBridge(FunctionPlans.Place place, FunctionSpec function, PciSpec.Bridge bridge) {
        var window = addresses.openWindow();
        int subordinate = planBelow(place.address().segment(), bridge.secondary(), function);
        return FunctionPlans.bridge(
                place,
                bridge.conventional(),
                bridge.secondary(),
                subordinate,
                bridge.slotReset(),
                addresses.closeWindow(window));
    }

    /** Plans a bus and everything below; answers the highest bus number there. */
    private int planBelow(int segment, int bus, FunctionSpec bridge) {
        int highest = bus;
        if (bridge.equals(leading.get((segment << 8) | bus))) {
            for (var function : onBus.getOrDefault((segment << 8) | bus, List.of())) {
                plan(function);
                highest = Math.max(highest, highestBelow(segment, function));
            }
        }
        return highest;
    }

    private int highestBelow(int segment, FunctionSpec function) {
        int highest = secondary(function);
        if (highest > function.address().bus()) {
            for (var below : onBus.getOrDefault((segment << 8) | highest, List.of())) {
                highest = Math.max(highest, highestBelow(segment, below));
            }
        }
        return highest;
    }

    /** Asks for the isolation groups of all functions. */
    void isolate(GroupPlan groups) {
        for (var function : spec.functions()) {
            if (function.placement().iommu().isPresent()) {
                groups.want(
                        isolationKey(function),
                        function.placement(),
                        function.address().toString());
            }
        }
    }

    /** Equal for functions whose requests look alike to the IOMMU or can reach each other without it. */
    private PciAddress isolationKey(FunctionSpec function) {
        var bridge = leading.get(bus(function.address()));
        if (bridge != null && !isolates(bridge)) {
            return isolationKey(bridge);
        }
        if (function.acs() || !multiFunction(function.address())) {
            return function.address();
        }
        var address = function.address();
        // The first function without ACS stands for its device.
        return onBus.getOrDefault(bus(address), List.of()).stream()
                .filter(other -> other.address().device() == address.device() && !other.acs())
                .map(FunctionSpec::address)
                .findFirst()
                .orElse(address);
    }

    private static boolean isolates(FunctionSpec bridge) {
        return bridge.acs() && !(bridge.model() instanceof PciSpec.Bridge spec && spec.conventional());
    }

    /** Makes the functions, a bridge before what is below it, and puts them on the bus. */
    List<EmbeddedFunction> build(
            GroupPlan groups,
            GroupTable table,
            Map<String, IommuUnit> units,
            Map<String, List<ReservedRegion>> reserved,
            PhysicalMemory memory,
            DoorbellPoller poller) {
        Map<Integer, PciBusNode> buses = new HashMap<>();
        Map<PciAddress, EmbeddedFunction> functions = new HashMap<>();
        var built = new ArrayList<EmbeddedFunction>();
        for (var function : spec.functions()) {
            var address = function.address();
            var bus = buses.computeIfAbsent(
                    bus(address), key -> new PciBusNode(address.segment(), address.bus(), above(address, functions)));
            var regions = new ArrayList<>(function.reserved());
            var unit = function.placement().iommu();
            unit.ifPresent(name -> regions.addAll(reserved.getOrDefault(name, List.of())));
            var shared =
                    Optional.ofNullable(groups.group(isolationKey(function))).filter(group -> unit.isPresent());
            Function<VirtualAssembly.Place, MachineSlot.Plan> places = place -> new MachineSlot.Plan(
                    place.name(),
                    bus.sysfsPath() + "/" + place.name(),
                    place.driver(),
                    place.group().or(() -> shared),
                    unit.map(units::get).map(IommuUnit::capabilities).orElse(Set.of()),
                    regions,
                    spec.nativeDrivers());
            var slot = new MachineSlot(
                    places.apply(new VirtualAssembly.Place(address.toString(), function.driver(), Optional.empty())),
                    poller);
            var plan = plans.get(address);
            if (plan == null) {
                throw new IllegalStateException("no plan for " + address);
            }
            var made = new EmbeddedFunction(plan, slot, bus, memory);
            if (!function.busReset()) {
                made.forbidBusReset();
            }
            made.offerVirtualFunctions(
                    plan.sriov()
                            .map(sriov -> new VirtualAssembly(
                                    plan,
                                    sriov,
                                    made,
                                    separate(function) ? unit.map(units::get).orElse(null) : null,
                                    table,
                                    places,
                                    memory,
                                    poller,
                                    devices))
                            .orElse(null),
                    topology);
            functions.put(address, made);
            built.add(made);
            topology.add(made);
        }
        return built;
    }

    /** Whether the virtual functions of a function are kept apart from each other and from everything else. */
    private boolean separate(FunctionSpec function) {
        var bridge = leading.get(bus(function.address()));
        return function.sriov().orElseThrow().vfAcs() && (bridge == null || isolates(bridge));
    }

    /** The bus type with everything built so far. */
    PciTopology topology() {
        return topology;
    }

    private @Nullable EmbeddedFunction above(PciAddress address, Map<PciAddress, EmbeddedFunction> functions) {
        var bridge = leading.get(bus(address));
        return bridge == null ? null : functions.get(bridge.address());
    }
}
