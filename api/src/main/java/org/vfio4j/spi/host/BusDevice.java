// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.host;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A device found on a host's bus (kernel: {@code struct device}). Identity is object identity. Thread-safe.
 */
public interface BusDevice {
    /** Name on its bus, for example {@code 0000:00:05.0}, a UUID, {@code dprc.2}. */
    String name();

    /** Name of its bus. */
    String busName();

    /** What it is, for people. */
    String description();

    /** Path below {@code /sys} without that prefix, for example {@code /devices/pci0000:00/0000:00:05.0}. */
    String sysfsPath();

    /**
     * Attributes of its sysfs directory that only the host knows, by name: identity, resources, resets, {@code uevent}
     * without the driver's line. A name with a slash is in a subdirectory. Links, {@code driver_override},
     * {@code vfio-dev} and what belongs to mediated devices are the core's.
     */
    default Map<String, DeviceAttribute> attributes() {
        return Map.of();
    }

    /** The isolation group, if the device is behind an IOMMU. */
    Optional<IommuGroup> iommuGroup();

    /** Whether the IOMMU in front of the device has a capability for it. */
    boolean capable(IommuCapability capability);

    /** Regions of the I/O address space that mappings must avoid for this device. */
    List<ReservedRegion> reservedRegions();

    /** The driver the machine wants bound when it starts: a VFIO bus driver or a native one. */
    Optional<String> initialDriver();

    /** The native driver that owns the device now. */
    Optional<String> nativeDriver();

    /**
     * Lets a native driver own the device: it uses the DMA API, so the group is no longer viable for VFIO.
     *
     * @param driver one of {@link Bus#nativeDrivers()}
     * @throws org.vfio4j.uapi.VfioException EBUSY when VFIO owns the group's DMA or a driver owns the device already,
     *     ENODEV when the host has no such driver for it
     */
    void bindNative(String driver);

    /**
     * Ends a native driver's ownership.
     *
     * @throws org.vfio4j.uapi.VfioException ENODEV when no native driver owns the device
     */
    void unbindNative();
}
