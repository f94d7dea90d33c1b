// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.model;

import java.util.List;
import java.util.Optional;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.IommuCapability;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.host.ReservedRegion;

/** A modelled device's place in the machine: answers for the {@link BusDevice} what only the machine knows. */
public interface DeviceSlot {
    /** Name the machine gives the device. */
    String name();

    /** The driver to bind at start. */
    Optional<String> initialDriver();

    /** Path below {@code /sys}. */
    String sysfsPath();

    /** Its isolation group. */
    Optional<IommuGroup> iommuGroup();

    /** What the IOMMU in front of it can do. */
    boolean capable(IommuCapability capability);

    /** Its reserved regions. */
    List<ReservedRegion> reservedRegions();

    /** Its way to memory, through the IOMMU. */
    DmaPort dma();

    /**
     * Makes registers that users can map. The device closes them.
     *
     * @param layout their length and doorbells
     * @param listener told when a doorbell was written
     */
    SharedRegisters sharedRegisters(SharedRegisters.Layout layout, DoorbellListener listener);

    /** See {@link BusDevice#nativeDriver}. */
    Optional<String> nativeDriver();

    /** See {@link BusDevice#bindNative}. */
    void bindNative(String driver);

    /** See {@link BusDevice#unbindNative}. */
    void unbindNative();
}
