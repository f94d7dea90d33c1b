// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import java.util.List;
import java.util.Optional;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.IommuCapability;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.host.ReservedRegion;

/** A member of a group of the software IOMMU. */
record TestDevice(String name, IommuGroup group) implements BusDevice {
    @Override
    public String busName() {
        return "test";
    }

    @Override
    public String description() {
        return "a device that does what the test says";
    }

    @Override
    public String sysfsPath() {
        return "/devices/" + name;
    }

    @Override
    public Optional<IommuGroup> iommuGroup() {
        return Optional.of(group);
    }

    @Override
    public boolean capable(IommuCapability capability) {
        return false;
    }

    @Override
    public List<ReservedRegion> reservedRegions() {
        return List.of();
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
        throw new UnsupportedOperationException("has no native driver");
    }

    @Override
    public void unbindNative() {
        throw new UnsupportedOperationException("has no native driver");
    }
}
