// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.mdev;

/**
 * A type of mediated device (kernel: {@code struct mdev_type}).
 *
 * @param name sysfs name, for example {@code 1}
 * @param prettyName name for people
 * @param deviceApi the device API, for example {@code vfio-pci}
 */
public record MdevType(String name, String prettyName, String deviceApi) {}
