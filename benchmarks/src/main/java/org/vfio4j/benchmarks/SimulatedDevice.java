// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.benchmarks;

import java.util.List;
import java.util.Optional;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.IommuCapability;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.host.ReservedRegion;

/**
 * A device on no bus: a group of the software IOMMU needs a member to give it a port to memory.
 *
 * @param name its name
 */
record SimulatedDevice(String name) implements BusDevice {
    @Override
    public String busName() {
        return "none";
    }

    @Override
    public String description() {
        return "DMA engine";
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
        return true;
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
        throw new UnsupportedOperationException("no bus, no native drivers");
    }

    @Override
    public void unbindNative() {
        throw new UnsupportedOperationException("no bus, no native drivers");
    }
}
