// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.mdev;

import java.util.List;
import org.vfio4j.spi.device.BusDriver;
import org.vfio4j.spi.host.BusDevice;

/** An mdev driver's life-cycle calls (kernel: the {@code create} and {@code remove} attributes). Spec: mdev §4, §5. */
public interface MdevLifecycle extends BusDriver {
    /**
     * Creates a device of a type and registers it with VFIO.
     *
     * @param parent name of the parent
     * @param type the type's sysfs name
     * @param uuid text written to {@code create}
     * @throws org.vfio4j.uapi.VfioException by the table in mdev §4; ENOENT when parent or type do not exist
     */
    BusDevice create(String parent, String type, String uuid);

    /**
     * Removes a device, waiting for its users.
     *
     * @throws org.vfio4j.uapi.VfioException ENODEV when there is none
     */
    void remove(String uuid);

    /** Parents that are registered, in the order of their bus. */
    List<MdevParent> parents();

    /** Types of the registered parents with what is still available. */
    List<TypeView> types();

    /**
     * A type of a parent.
     *
     * @param parent name of the parent
     * @param type the type
     * @param available how many devices can still be made
     */
    record TypeView(String parent, MdevType type, int available) {}
}
