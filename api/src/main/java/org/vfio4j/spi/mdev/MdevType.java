// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.mdev;

import java.util.Optional;

/**
 * A type of mediated device (kernel: {@code struct mdev_type}).
 *
 * @param name sysfs name, for example {@code 1}; unique within its parent
 * @param prettyName name for people; empty shows the sysfs name
 * @param deviceApi the device API, for example {@code vfio-pci}; a parent with a type without one is not registered
 * @param description text of the type's {@code description} without a newline; empty for a driver that has none (kernel:
 *     {@code show_description})
 */
public record MdevType(String name, String prettyName, String deviceApi, Optional<String> description) {
    /** A type without description. */
    public MdevType(String name, String prettyName, String deviceApi) {
        this(name, prettyName, deviceApi, Optional.empty());
    }
}
