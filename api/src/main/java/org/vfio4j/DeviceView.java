// SPDX-License-Identifier: Apache-2.0
package org.vfio4j;

import java.util.Optional;
import java.util.OptionalInt;
import org.vfio4j.spi.host.BusDevice;

/**
 * A device at one moment.
 *
 * @param name name on its bus
 * @param bus name of its bus
 * @param description what it is
 * @param group number of its isolation group, real or private
 * @param driver the driver that has it, VFIO or native
 * @param nativeDriver whether that is a native driver
 * @param index X of {@code vfioX} when a VFIO driver has it
 * @param deviceSet name of its dev_set when a VFIO driver has it
 * @param openCount number of granted files
 * @param emulated whether it reaches memory only through pin and copy calls
 * @param busDevice the device as its bus sees it
 */
public record DeviceView(
        String name,
        String bus,
        String description,
        OptionalInt group,
        Optional<String> driver,
        boolean nativeDriver,
        OptionalInt index,
        Optional<String> deviceSet,
        int openCount,
        boolean emulated,
        BusDevice busDevice) {}
