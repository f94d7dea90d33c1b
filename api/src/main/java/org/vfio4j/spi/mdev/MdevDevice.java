// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.mdev;

import java.util.UUID;
import org.vfio4j.spi.host.BusDevice;

/** A mediated device on the mdev bus (kernel: {@code struct mdev_device}). */
public interface MdevDevice extends BusDevice {
    /** Its UUID. */
    UUID uuid();

    /** The parent it was made from. */
    MdevParent parent();

    /** Its type. */
    MdevType type();

    /** Its behaviour. */
    MdevModel model();
}
