// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import org.vfio4j.host.embedded.device.MachineSlot;
import org.vfio4j.host.embedded.iommu.IommuUnit;
import org.vfio4j.host.embedded.machine.IommuSpec;
import org.vfio4j.host.embedded.machine.MachineDescription;
import org.vfio4j.host.embedded.machine.MachineDescription.ModelSpec;
import org.vfio4j.host.embedded.machine.Placement;
import org.vfio4j.host.embedded.machine.SourcePosition;
import org.vfio4j.host.embedded.register.DoorbellPoller;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.ReservedRegion;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.model.DeviceModelProvider;
import org.vfio4j.uapi.VfioException;

/** Builds the devices of third-party models: those the description names, and for the built-in machine those that ask. */
final class ModelAssembly {
    /** Buses whose devices need more than a model can give. */
    private static final Set<String> CLOSED_BUSES = Set.of("mdev", "fsl-mc");

    private final Map<ModelSpec, DeviceModelProvider> devices = new LinkedHashMap<>();

    /**
     * Finds the models.
     *
     * @throws VfioException EINVAL when one is not on the module path
     */
    ModelAssembly(MachineDescription machine, Iterable<DeviceModelProvider> providers) {
        var known = new TreeMap<String, DeviceModelProvider>();
        providers.forEach(provider -> known.putIfAbsent(provider.model(), provider));
        for (var spec : machine.models()) {
            var provider = known.get(spec.model());
            if (provider == null) {
                throw spec.placement()
                        .where()
                        .refuse("no device model \"" + spec.model() + "\" is on the module path; known: "
                                + (known.isEmpty() ? "none" : String.join(", ", known.keySet())));
            }
            add(spec, provider);
        }
        if (machine.builtIn()) {
            known.values().stream()
                    .filter(DeviceModelProvider::inDefaultMachine)
                    .forEach(provider -> add(uninvited(machine, provider), provider));
        }
    }

    private void add(ModelSpec spec, DeviceModelProvider provider) {
        if (CLOSED_BUSES.contains(provider.bus())) {
            throw spec.placement()
                    .where()
                    .refuse("model \"" + provider.model() + "\" cannot put a device on bus " + provider.bus());
        }
        devices.put(spec, provider);
    }

    /** The built-in machine's device of a model that wants one: behind its first paging unit, in a group of its own. */
    private static ModelSpec uninvited(MachineDescription machine, DeviceModelProvider provider) {
        var unit = machine.iommus().stream()
                .filter(IommuSpec.Paging.class::isInstance)
                .map(IommuSpec::name)
                .findFirst();
        var where = new SourcePosition("model " + provider.model(), 0, 0);
        return new ModelSpec(
                provider.model(),
                provider.model() + "0",
                new Placement(where, unit, OptionalInt.empty()),
                Optional.empty(),
                Map.of());
    }

    /** Asks for the isolation groups of all devices. */
    void isolate(GroupPlan groups) {
        devices.keySet().stream()
                .filter(spec -> spec.placement().iommu().isPresent())
                .forEach(spec -> groups.want(spec, spec.placement(), spec.name()));
    }

    /** Makes the devices, by bus. */
    Map<String, List<BusDevice>> build(
            GroupPlan groups,
            Map<String, IommuUnit> units,
            Map<String, List<ReservedRegion>> reserved,
            List<String> pciDrivers,
            PhysicalMemory memory,
            DoorbellPoller poller) {
        Map<String, List<BusDevice>> buses = new LinkedHashMap<>();
        devices.forEach((spec, provider) -> {
            var unit = spec.placement().iommu();
            var place = new MachineSlot.Plan(
                    spec.name(),
                    "/devices/" + provider.bus() + "/" + spec.name(),
                    spec.driver(),
                    Optional.ofNullable(groups.group(spec)),
                    unit.map(units::get).map(IommuUnit::capabilities).orElse(Set.of()),
                    unit.map(reserved::get).orElse(List.of()),
                    provider.bus().equals("pci") ? pciDrivers : List.of());
            var slot = new MachineSlot(place, poller);
            var device = create(spec, provider, slot);
            slot.install(device, () -> true, memory);
            buses.computeIfAbsent(provider.bus(), name -> new ArrayList<>()).add(device);
        });
        return buses;
    }

    private static BusDevice create(ModelSpec spec, DeviceModelProvider provider, MachineSlot slot) {
        try {
            return provider.create(slot, spec.properties());
        } catch (VfioException e) {
            throw new VfioException(
                    e.errno(), spec.placement().where() + ": device " + spec.name() + ": " + e.getMessage(), e);
        }
    }
}
