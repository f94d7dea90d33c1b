// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import java.util.Set;
import org.vfio4j.spi.host.IommuCapability;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.memory.ProcessBarrier;

/**
 * An IOMMU that translates with windows of TCE tables, as on POWER. Each group is a partitionable endpoint with two window
 * slots; there are no paging domains. Spec: spapr §10, §12.
 */
public final class TceUnit implements IommuUnit {
    private final String name;
    private final PhysicalMemory physical;
    private final TceConfig config;
    private final FaultLog faults;
    private final AccessFence fence;

    /**
     * A unit whose devices execute a fence at each access, for want of a barrier.
     *
     * @param name its name in the machine description
     * @param physical the memory that devices behind it can be made to reach
     * @param config what it can do
     * @param faults where refused accesses are recorded
     */
    public TceUnit(String name, PhysicalMemory physical, TceConfig config, FaultLog faults) {
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
    public TceUnit(String name, PhysicalMemory physical, TceConfig config, FaultLog faults, ProcessBarrier barrier) {
        this.name = name;
        this.physical = physical;
        this.config = config;
        this.faults = faults;
        this.fence = new AccessFence(barrier);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Set<IommuCapability> capabilities() {
        return TceConfig.capabilities();
    }

    @Override
    public EmbeddedGroup newGroup(int id) {
        return new TceGroup(id, this);
    }

    /** {@inheritDoc} That is nothing: tables belong to their windows. */
    @Override
    public void close() {}

    /** What the unit can do. */
    public TceConfig config() {
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
}
