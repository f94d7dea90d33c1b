// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.mdev;

import java.util.Map;
import java.util.UUID;
import org.vfio4j.spi.host.DeviceAttribute;
import org.vfio4j.spi.mdev.MdevModel;

/** A device of one of the machine's parents. */
interface SampleModel extends MdevModel {
    /** The driver's attributes in the device's directory, by name. */
    Map<String, DeviceAttribute> attributes(UUID uuid);
}
