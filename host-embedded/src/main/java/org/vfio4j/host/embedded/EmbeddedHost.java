// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.host.embedded.device.DeviceExecutor;
import org.vfio4j.host.embedded.fslmc.McBus;
import org.vfio4j.host.embedded.fslmc.McIsolation;
import org.vfio4j.host.embedded.iommu.FaultLog;
import org.vfio4j.host.embedded.iommu.IommuUnit;
import org.vfio4j.host.embedded.machine.IommuSpec;
import org.vfio4j.host.embedded.machine.MachineDescription;
import org.vfio4j.host.embedded.machine.McSpec;
import org.vfio4j.host.embedded.machine.MdevSpec;
import org.vfio4j.host.embedded.mdev.SerialMdevBus;
import org.vfio4j.host.embedded.register.DoorbellPoller;
import org.vfio4j.spi.host.Bus;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.DmaFault;
import org.vfio4j.spi.host.Host;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.host.ReservedRegion;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.memory.ProcessBarrier;
import org.vfio4j.spi.model.DeviceModelProvider;

/**
 * A running machine. It owns the thread devices work on and every device; {@link #close} ends them in the reverse order of
 * their making.
 */
final class EmbeddedHost implements Host {
    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedHost.class);

    private final String name;
    private final GroupTable groups;
    private final FaultLog faults;
    private final List<Bus> buses;
    private final Deque<AutoCloseable> owned;
    private final AtomicBoolean closed = new AtomicBoolean();

    private EmbeddedHost(String name, GroupTable groups, FaultLog faults, List<Bus> buses, Deque<AutoCloseable> owned) {
        this.name = name;
        this.groups = groups;
        this.faults = faults;
        this.buses = List.copyOf(buses);
        this.owned = owned;
    }

    /**
     * Builds a machine and switches it on. On failure nothing of it is left.
     *
     * @throws org.vfio4j.uapi.VfioException EINVAL with the place in the description
     */
    static EmbeddedHost boot(
            MachineDescription machine,
            PhysicalMemory memory,
            ProcessBarrier barrier,
            Consumer<MemorySegment> hugePages,
            Iterable<DeviceModelProvider> providers) {
        Deque<AutoCloseable> owned = new ArrayDeque<>();
        try {
            return build(machine, memory, barrier, hugePages, providers, owned);
        } catch (RuntimeException e) {
            closeAll(owned);
            throw e;
        }
    }

    private static EmbeddedHost build(
            MachineDescription machine,
            PhysicalMemory memory,
            ProcessBarrier barrier,
            Consumer<MemorySegment> hugePages,
            Iterable<DeviceModelProvider> providers,
            Deque<AutoCloseable> owned) {
        var faults = new FaultLog();
        var groups = new GroupTable();
        var units = IommuUnits.make(machine.iommus(), memory, barrier, hugePages, faults);
        units.values().forEach(owned::push);
        var devices = new DeviceExecutor(machine.name());
        var doorbells = new DoorbellPoller(machine.name());

        var pci = new PciAssembly(machine.pci(), devices);
        var models = new ModelAssembly(machine, providers);
        var plan = new GroupPlan();
        pci.isolate(plan);
        isolate(machine.fslMc(), plan);
        models.isolate(plan);
        plan.make(units, groups);

        Map<String, List<ReservedRegion>> reserved = new HashMap<>();
        machine.iommus().stream()
                .filter(IommuSpec.Paging.class::isInstance)
                .forEach(unit -> reserved.put(unit.name(), unit.reserved()));
        var buses = new ArrayList<Bus>();
        var functions = pci.build(plan, groups, units, reserved, memory, doorbells);
        functions.forEach(owned::push);
        var modelled = models.build(plan, units, reserved, machine.pci().nativeDrivers(), memory, doorbells);
        List<BusDevice> onPci = modelled.getOrDefault("pci", List.of());
        if (!functions.isEmpty() || !onPci.isEmpty()) {
            pci.topology().addModels(onPci);
            buses.add(pci.topology());
        }
        if (!machine.mdev().equals(MdevSpec.NONE)) {
            var mdev = new SerialMdevBus(machine.mdev(), devices);
            owned.push(mdev);
            buses.add(mdev);
        }
        if (!machine.fslMc().equals(McSpec.NONE)) {
            var fslMc = new McBus(
                    machine.fslMc(), container -> isolation(container, plan, units, reserved), memory, devices);
            owned.push(fslMc);
            buses.add(fslMc);
        }
        modelled.forEach((bus, list) -> {
            if (!bus.equals("pci")) {
                buses.add(new ModelBus(bus, list));
            }
        });
        // Pushed last, closed first: no device works any more when devices are taken apart.
        owned.push(devices);
        owned.push(doorbells);
        return new EmbeddedHost(machine.name(), groups, faults, buses, owned);
    }

    /** A container is one isolation group with everything directly in it. */
    private static void isolate(McSpec spec, GroupPlan plan) {
        for (var container : spec.containers()) {
            if (container.iommu().iommu().isPresent()) {
                plan.want(container, container.iommu(), "dprc." + container.id());
            }
        }
    }

    private static McIsolation isolation(
            McSpec.ContainerSpec container,
            GroupPlan plan,
            Map<String, IommuUnit> units,
            Map<String, List<ReservedRegion>> reserved) {
        var unit = container.iommu().iommu();
        return new McIsolation(
                unit.isPresent() ? Optional.ofNullable(plan.group(container)) : Optional.empty(),
                unit.map(units::get).map(IommuUnit::capabilities).orElse(Set.of()),
                unit.map(reserved::get).orElse(List.of()));
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public List<Bus> buses() {
        return buses;
    }

    @Override
    public List<IommuGroup> groups() {
        return groups.all();
    }

    @Override
    public IommuGroup createPrivateGroup(String groupName, BusDevice device) {
        return groups.createPrivate(groupName, device);
    }

    @Override
    public void destroyPrivateGroup(IommuGroup group) {
        groups.destroyPrivate(group);
    }

    @Override
    public List<DmaFault> faults() {
        return faults.faults();
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            closeAll(owned);
        }
    }

    private static void closeAll(Deque<AutoCloseable> owned) {
        while (!owned.isEmpty()) {
            var part = owned.pop();
            try {
                part.close();
            } catch (Exception e) {
                LOG.warn("a part of the machine did not switch off: {}", part, e);
            }
        }
    }
}
