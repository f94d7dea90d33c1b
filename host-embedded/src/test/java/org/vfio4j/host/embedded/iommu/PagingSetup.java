// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.vfio4j.core.memory.FrameTable;
import org.vfio4j.core.memory.Membarrier;
import org.vfio4j.core.memory.SegmentMemory;
import org.vfio4j.spi.host.IommuDomain;
import org.vfio4j.spi.memory.ProcessBarrier;
import org.vfio4j.spi.model.DmaPort;
import org.vfio4j.testing.fixture.SimulatedDevice;

/** One paging unit, one group, one device with one port, and memory; claimed and attached to a domain. */
final class PagingSetup implements AutoCloseable {
    static final long PAGE = 4096;
    static final long LARGE = 1L << 21;
    static final long HUGE = 1L << 30;
    static final int RW = 3;

    final FrameTable physical = new FrameTable();
    final FaultLog faults = new FaultLog(8);
    final Arena arena = Arena.ofShared();
    final PagingUnit unit;
    final EmbeddedGroup group;
    final SimulatedDevice device = new SimulatedDevice("0000:00:05.0");
    final DmaPort port;
    final IommuDomain domain;
    boolean busMaster = true;

    PagingSetup() {
        this(PagingConfig.defaults(), false);
    }

    PagingSetup(PagingConfig config, boolean dirtyTracking) {
        this(config, dirtyTracking, Membarrier.ofProcess());
    }

    PagingSetup(PagingConfig config, boolean dirtyTracking, ProcessBarrier barrier) {
        unit = new PagingUnit("dmar0", physical, config, faults, barrier);
        group = unit.newGroup(7);
        group.join(device);
        port = group.port(device, () -> busMaster);
        group.claimDmaOwner(this, false);
        domain = group.allocateDomain(dirtyTracking);
        group.attach(domain);
    }

    /** Memory with its physical address. */
    record Memory(MemorySegment segment, long phys) {}

    Memory memory(long size, long alignment) {
        MemorySegment segment = arena.allocate(size, alignment);
        return new Memory(segment, physical.insert(new SegmentMemory(segment)));
    }

    MemorySegment buffer(long size) {
        return arena.allocate(size, PAGE);
    }

    int tables() {
        return ((PagingDomain) domain).tablesInUse();
    }

    @Override
    public void close() {
        group.detach();
        group.releaseDmaOwner(this);
        domain.free();
        unit.close();
        arena.close();
    }
}
