// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.device;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.memory.PhysicalMemory;

/** What a bus driver may use. Thread-safe. */
public interface DriverEnvironment {
    /**
     * Allocates a VFIO device (kernel: {@code vfio_alloc_device}); it becomes visible when registered.
     *
     * @throws org.vfio4j.uapi.VfioException ENOSPC when all indexes are used, or what {@link DeviceOps#init} throws
     */
    VfioDevice allocate(BusDevice busDevice, DeviceOps ops);

    /** Memory that pinned pages are in. */
    PhysicalMemory memory();

    /**
     * Makes a place for an event file of the user.
     *
     * @param handler what a signal does at once; null for nothing
     * @param thread what may take longer; null for nothing
     */
    Virqfd virqfd(Virqfd.@Nullable Handler handler, @Nullable Runnable thread);

    /**
     * Makes fewer ranges of many for a device that can watch only some (kernel: {@code vfio_combine_iova_ranges}): the
     * neighbours with the smallest gap between them become one. Spec: core HP-3.
     *
     * @param ranges sorted, without overlaps
     * @param wanted at least 1
     */
    List<DmaRange> combineRanges(List<DmaRange> ranges, int wanted);

    /** Asks the core to bind a device to this driver, as writing {@code driver_override} and {@code bind} does. */
    void bind(BusDevice device);

    /** Makes this driver the only one a device may be bound to, as writing its name to {@code driver_override} does. */
    void driverOverride(BusDevice device);

    /** Asks the core to unbind a device from this driver. */
    void unbind(BusDevice device);

    /**
     * A tunable (kernel: module parameter) of this driver, if the user chose or changed it. If its {@linkplain
     * org.vfio4j.spi.module.KernelModule module} declares its parameters, others are refused before the driver starts, and a value is as {@link
     * org.vfio4j.spi.module.KernelModule.Parameter#canonical} writes it.
     *
     * @param name without the driver's name
     */
    Optional<String> option(String name);
}
