// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.vfio4j.host.embedded.iommu.EmbeddedGroup;
import org.vfio4j.spi.host.IommuCapability;
import org.vfio4j.spi.host.ReservedRegion;
import org.vfio4j.spi.model.DmaPort;
import org.vfio4j.testing.fixture.SimulatedDevice;

/** A member of one group of the software IOMMU, with a port to do DMA through and native drivers. */
final class TestDevice extends SimulatedDevice {
    final Set<IommuCapability> capabilities;
    private final @Nullable EmbeddedGroup group;
    private final @Nullable DmaPort port;

    TestDevice(String name, @Nullable EmbeddedGroup group, ReservedRegion... reserved) {
        this(name, group, null, reserved);
    }

    /** The backend gets to see the group through the injection. */
    TestDevice(
            String name,
            @Nullable EmbeddedGroup group,
            @Nullable FaultInjection injection,
            ReservedRegion... reserved) {
        this(
                name,
                group,
                injection,
                EnumSet.of(IommuCapability.CACHE_COHERENCY, IommuCapability.DIRTY_TRACKING),
                List.of(reserved));
    }

    private TestDevice(
            String name,
            @Nullable EmbeddedGroup group,
            @Nullable FaultInjection injection,
            Set<IommuCapability> capabilities,
            List<ReservedRegion> reserved) {
        super(name, group == null || injection == null ? group : injection.around(group), capabilities, reserved);
        this.group = group;
        this.capabilities = capabilities;
        if (group == null) {
            port = null;
        } else {
            group.join(this);
            port = group.port(this, () -> true);
        }
    }

    DmaPort dma() {
        if (port == null) {
            throw new IllegalStateException(name() + " is behind no IOMMU");
        }
        return port;
    }

    EmbeddedGroup group() {
        if (group == null) {
            throw new IllegalStateException(name() + " is behind no IOMMU");
        }
        return group;
    }

    @Override
    public void bindNative(String driver) {
        group().useDmaApi(this, driver);
    }

    @Override
    public void unbindNative() {
        group().releaseDmaApi(this);
    }
}
