// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.benchmarks;

import java.util.Optional;
import org.vfio4j.backend.type1.Type1Provider;
import org.vfio4j.core.memory.FrameTable;
import org.vfio4j.core.memory.JvmAddressSpace;
import org.vfio4j.core.memory.PageCounter;
import org.vfio4j.host.embedded.iommu.EmbeddedGroup;
import org.vfio4j.host.embedded.iommu.FaultLog;
import org.vfio4j.host.embedded.iommu.PagingConfig;
import org.vfio4j.host.embedded.iommu.PagingUnit;
import org.vfio4j.spi.iommu.BackendEnvironment;
import org.vfio4j.spi.iommu.GroupKind;
import org.vfio4j.spi.iommu.IommuBackend;
import org.vfio4j.spi.memory.LockedMemory;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.testing.fixture.SimulatedDevice;
import org.vfio4j.uapi.VfioExtension;

/** A type1v2 instance with a user whose memory is simulated, and one group: behind the software IOMMU, or without hardware. */
final class Type1Instance implements BackendEnvironment, AutoCloseable {
    final FrameTable physical = new FrameTable();
    final JvmAddressSpace real = new JvmAddressSpace(physical);
    final VastUser user;
    final IommuBackend container;
    private final EmbeddedGroup group;

    Type1Instance(long simulatedBytes, GroupKind kind) {
        user = new VastUser(physical, real, simulatedBytes);
        container = new Type1Provider().containerDriver(this).orElseThrow().open(VfioExtension.VFIO_TYPE1v2_IOMMU);
        group = new PagingUnit("unit", physical, PagingConfig.defaults(), new FaultLog()).newGroup(1);
        group.join(new SimulatedDevice("engine"));
        if (kind == GroupKind.IOMMU) {
            group.claimDmaOwner(this, false);
        }
        container.attachGroup(group, kind);
    }

    @Override
    public PhysicalMemory memory() {
        return physical;
    }

    @Override
    public LockedMemory userLockedMemory(int uid) {
        return new PageCounter();
    }

    @Override
    public Optional<String> option(String name) {
        return Optional.empty();
    }

    @Override
    public void close() {
        container.detachGroup(group);
        container.release();
        real.close();
    }
}
