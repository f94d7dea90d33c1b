// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.vfio4j.host.embedded.iommu.EmbeddedGroup;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.IommuCapability;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.host.ReservedRegion;
import org.vfio4j.spi.model.DmaPort;

/** A device on no bus in particular, a member of one group of the software IOMMU, with a port to do DMA through. */
final class TestDevice implements BusDevice {
    final Set<IommuCapability> capabilities =
            EnumSet.of(IommuCapability.CACHE_COHERENCY, IommuCapability.DIRTY_TRACKING);
    private final String name;
    private final @Nullable EmbeddedGroup group;
    private final List<ReservedRegion> reserved;
    private final @Nullable DmaPort port;

    /** What the backend gets to see of the group. */
    private final @Nullable IommuGroup seen;

    TestDevice(String name, @Nullable EmbeddedGroup group, ReservedRegion... reserved) {
        this(name, group, null, reserved);
    }

    TestDevice(
            String name,
            @Nullable EmbeddedGroup group,
            @Nullable FaultInjection injection,
            ReservedRegion... reserved) {
        this.name = name;
        this.group = group;
        this.seen = group == null || injection == null ? group : injection.around(group);
        this.reserved = List.of(reserved);
        if (group == null) {
            port = null;
        } else {
            group.join(this);
            port = group.port(this, () -> true);
        }
    }

    DmaPort dma() {
        if (port == null) {
            throw new IllegalStateException(name + " is behind no IOMMU");
        }
        return port;
    }

    EmbeddedGroup group() {
        if (group == null) {
            throw new IllegalStateException(name + " is behind no IOMMU");
        }
        return group;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String busName() {
        return "test";
    }

    @Override
    public String description() {
        return "test device";
    }

    @Override
    public String sysfsPath() {
        return "/devices/" + name;
    }

    @Override
    public Optional<IommuGroup> iommuGroup() {
        return Optional.ofNullable(seen);
    }

    @Override
    public boolean capable(IommuCapability capability) {
        return capabilities.contains(capability);
    }

    @Override
    public List<ReservedRegion> reservedRegions() {
        return reserved;
    }

    @Override
    public Optional<String> initialDriver() {
        return Optional.empty();
    }

    @Override
    public Optional<String> nativeDriver() {
        return Optional.empty();
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
