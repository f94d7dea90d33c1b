// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.vfio4j.host.embedded.device.MachineSlot;
import org.vfio4j.host.embedded.iommu.EmbeddedGroup;
import org.vfio4j.host.embedded.iommu.IommuUnit;
import org.vfio4j.host.embedded.pci.EmbeddedFunction;
import org.vfio4j.host.embedded.pci.FunctionPlan;
import org.vfio4j.host.embedded.pci.SriovPlan;
import org.vfio4j.host.embedded.pci.VirtualFunctionFactory;
import org.vfio4j.host.embedded.register.DoorbellPoller;
import org.vfio4j.spi.memory.PhysicalMemory;

/**
 * Makes the virtual functions of one physical function while the machine runs: each on its physical function's bus, with a
 * requester id of its own, behind the same IOMMU unit, and in a group of its own where the topology keeps it apart.
 */
final class VirtualAssembly implements VirtualFunctionFactory {
    private final FunctionPlan plan;
    private final SriovPlan sriov;
    private final EmbeddedFunction physical;

    /** The unit for groups of their own; null when they share the physical function's, or have none as it has none. */
    private final @Nullable IommuUnit unit;

    private final GroupTable groups;
    private final Function<Place, MachineSlot.Plan> places;
    private final PhysicalMemory memory;
    private final DoorbellPoller poller;
    private final Executor devices;

    /** Groups made for those there are now. */
    private final Map<EmbeddedFunction, EmbeddedGroup> own = new ConcurrentHashMap<>();

    /**
     * Where a virtual function goes.
     *
     * @param name its address
     * @param driver bound when it appears
     * @param group one of its own; empty for what the physical function has
     */
    record Place(String name, Optional<String> driver, Optional<EmbeddedGroup> group) {}

    VirtualAssembly(
            FunctionPlan plan,
            SriovPlan sriov,
            EmbeddedFunction physical,
            @Nullable IommuUnit unit,
            GroupTable groups,
            Function<Place, MachineSlot.Plan> places,
            PhysicalMemory memory,
            DoorbellPoller poller,
            Executor devices) {
        this.plan = plan;
        this.sriov = sriov;
        this.physical = physical;
        this.unit = unit;
        this.groups = groups;
        this.places = places;
        this.memory = memory;
        this.poller = poller;
        this.devices = devices;
    }

    @Override
    public EmbeddedFunction make(int number) {
        var address = sriov.spec().address(physical.address(), number);
        var group = unit == null ? null : groups.create(unit);
        try {
            var place = new Place(address.toString(), sriov.spec().vfDriver(), Optional.ofNullable(group));
            var slot = new MachineSlot(places.apply(place), poller);
            var function = new EmbeddedFunction(
                    sriov.virtualFunction(plan, address, number, devices), slot, physical.bus(), memory, physical);
            if (group != null) {
                own.put(function, group);
            }
            return function;
        } catch (Throwable e) {
            if (group != null) {
                groups.destroy(group);
            }
            throw e;
        }
    }

    @Override
    public boolean configuredBy(String nativeDriver) {
        return sriov.spec().drivers().contains(nativeDriver);
    }

    @Override
    public void unmake(EmbeddedFunction function) {
        function.vanish();
        var group = own.remove(function);
        if (group != null) {
            groups.destroy(group);
        }
    }
}
