// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.mdev;

import java.util.List;
import java.util.OptionalInt;
import java.util.UUID;

/** A host device that can be divided into mediated devices (kernel: {@code struct mdev_parent}). Thread-safe. */
public interface MdevParent {
    /** Device name, for example {@code mtty}. */
    String name();

    /** The string that type directories start with: driver, bus or class name. */
    String driverString();

    /** Path below {@code /sys} without that prefix; its devices are directly below. */
    default String sysfsPath() {
        return "/devices/virtual/" + driverString() + "/" + name();
    }

    /** Types offered. */
    List<MdevType> types();

    /**
     * How many devices can exist at once, whatever their types (kernel: {@code max_instances} of a driver without
     * {@code get_available}): the mdev driver counts them then. Empty when the parent keeps count itself, so that
     * {@link #available} is what is shown and {@link #create} refuses.
     */
    default OptionalInt maxInstances() {
        return OptionalInt.empty();
    }

    /** How many devices of a type can still be made (kernel: {@code get_available}); asked only without {@link #maxInstances}. */
    int available(MdevType type);

    /**
     * Makes a device.
     *
     * @throws org.vfio4j.uapi.VfioException ENOSPC when resources are used up
     */
    MdevModel create(MdevType type, UUID uuid);

    /** Takes back a device made before; it is closed. */
    void destroy(MdevModel model);

    /**
     * The parent has changed (kernel: a {@code change} uevent of the parent's device).
     *
     * @param variable what about it: {@code MDEV_STATE=registered} or {@code MDEV_STATE=unregistered}
     */
    default void changed(String variable) {}
}
