// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.vfio4j.host.embedded.device.MachineSlot;
import org.vfio4j.host.embedded.device.SlotFactory;
import org.vfio4j.host.embedded.iommu.IommuUnit;
import org.vfio4j.host.embedded.machine.McSpec;
import org.vfio4j.host.embedded.machine.Placement;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.ReservedRegion;
import org.vfio4j.spi.memory.PhysicalMemory;

/** Places for the objects of fsl-mc containers: one isolation group per container. */
record McSlots(
        McSpec spec,
        GroupPlan groups,
        Map<String, IommuUnit> units,
        Map<String, List<ReservedRegion>> reserved,
        PhysicalMemory memory)
        implements SlotFactory {

    /** Asks for the isolation groups of all containers. */
    static void isolate(McSpec spec, GroupPlan groups) {
        spec.containers().stream()
                .filter(container -> container.iommu().iommu().isPresent())
                .forEach(container -> groups.want(container.iommu(), container.iommu(), "dprc." + container.id()));
    }

    @Override
    public MachineSlot slot(Placement placement, String name, String sysfsPath, Optional<String> driver) {
        var unit = placement.iommu();
        return new MachineSlot(new MachineSlot.Plan(
                name,
                sysfsPath,
                driver,
                unit.isPresent() ? Optional.ofNullable(groups.group(placement)) : Optional.empty(),
                unit.map(units::get).map(IommuUnit::capabilities).orElse(Set.of()),
                unit.map(reserved::get).orElse(List.of()),
                spec.nativeDrivers()));
    }

    @Override
    public void install(MachineSlot slot, BusDevice device) {
        slot.install(device, () -> true, memory);
    }
}
