// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import java.lang.foreign.MemorySegment;
import java.util.Set;
import java.util.function.Consumer;
import org.vfio4j.spi.host.IommuCapability;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.memory.ProcessBarrier;

/**
 * An IOMMU with multi-level page tables, as on x86 and Arm. Domains can be shared by all groups behind one unit, and by no
 * others. Spec: type1 §16, iommufd §15.
 */
public final class PagingUnit implements IommuUnit {
    private final String name;
    private final PhysicalMemory physical;
    private final PagingConfig config;
    private final FaultLog faults;
    private final AccessFence fence;
    private final TableMemory tableMemory;

    /**
     * A unit whose devices execute a fence at each access, for want of a barrier.
     *
     * @param name its name in the machine description
     * @param physical the memory that devices behind it can be made to reach
     * @param config what it can do
     * @param faults where refused accesses are recorded
     */
    public PagingUnit(String name, PhysicalMemory physical, PagingConfig config, FaultLog faults) {
        this(name, physical, config, faults, ProcessBarrier.unavailable());
    }

    /**
     * A unit.
     *
     * @param name its name in the machine description
     * @param physical the memory that devices behind it can be made to reach
     * @param config what it can do
     * @param faults where refused accesses are recorded
     * @param barrier what an unmap runs, if available, so that devices need no fence
     */
    public PagingUnit(
            String name, PhysicalMemory physical, PagingConfig config, FaultLog faults, ProcessBarrier barrier) {
        this(name, physical, config, faults, barrier, memory -> {});
    }

    /**
     * A unit.
     *
     * @param name its name in the machine description
     * @param physical the memory that devices behind it can be made to reach
     * @param config what it can do
     * @param faults where refused accesses are recorded
     * @param barrier what an unmap runs, if available, so that devices need no fence
     * @param hugePages backs memory of many tables, aligned to 2 MiB and zeroed, with huge pages if it can
     */
    public PagingUnit(
            String name,
            PhysicalMemory physical,
            PagingConfig config,
            FaultLog faults,
            ProcessBarrier barrier,
            Consumer<MemorySegment> hugePages) {
        this.name = name;
        this.physical = physical;
        this.config = config;
        this.faults = faults;
        this.fence = new AccessFence(barrier);
        this.tableMemory = new TableMemory(hugePages);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Set<IommuCapability> capabilities() {
        return config.capabilities();
    }

    @Override
    public EmbeddedGroup newGroup(int id) {
        return new PagingGroup(id, this);
    }

    /** {@inheritDoc} Domains that live on keep their memory until they are freed. */
    @Override
    public void close() {
        tableMemory.close();
    }

    /** What the unit can do. */
    public PagingConfig config() {
        return config;
    }

    PhysicalMemory physical() {
        return physical;
    }

    FaultLog faults() {
        return faults;
    }

    AccessFence fence() {
        return fence;
    }

    TableMemory tableMemory() {
        return tableMemory;
    }
}
