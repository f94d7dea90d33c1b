// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.IommuCapability;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.host.ReservedRegion;

/** A device with nothing but a name and what the IOMMU says about it. */
final class TestDevice implements BusDevice {
    private final String name;
    private final Set<IommuCapability> capabilities;
    private final List<ReservedRegion> reserved;

    TestDevice(String name) {
        this(name, Set.of(IommuCapability.values()), List.of());
    }

    TestDevice(String name, Set<IommuCapability> capabilities, List<ReservedRegion> reserved) {
        this.name = name;
        this.capabilities = capabilities;
        this.reserved = reserved;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String busName() {
        return "pci";
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
        return Optional.empty();
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
        throw new UnsupportedOperationException("the group is told directly");
    }

    @Override
    public void unbindNative() {
        throw new UnsupportedOperationException("the group is told directly");
    }
}
