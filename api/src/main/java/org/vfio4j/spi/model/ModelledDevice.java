// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.model;

import java.util.List;
import java.util.Optional;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.IommuCapability;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.host.ReservedRegion;

/**
 * A device whose place in the machine answers for it: what is left to say is what it is and what it does. Thread-safe, as
 * its slot is.
 */
public interface ModelledDevice extends BusDevice {
    /** Its place in the machine, the same at every call. */
    DeviceSlot slot();

    @Override
    default String name() {
        return slot().name();
    }

    @Override
    default String sysfsPath() {
        return slot().sysfsPath();
    }

    @Override
    default Optional<IommuGroup> iommuGroup() {
        return slot().iommuGroup();
    }

    @Override
    default boolean capable(IommuCapability capability) {
        return slot().capable(capability);
    }

    @Override
    default List<ReservedRegion> reservedRegions() {
        return slot().reservedRegions();
    }

    @Override
    default Optional<String> initialDriver() {
        return slot().initialDriver();
    }

    @Override
    default Optional<String> nativeDriver() {
        return slot().nativeDriver();
    }

    @Override
    default void bindNative(String driver) {
        slot().bindNative(driver);
    }

    @Override
    default void unbindNative() {
        slot().unbindNative();
    }
}
