// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.device;

/**
 * Answer of GET_INFO (kernel: {@code vfio_device_info}).
 *
 * @param flags {@code VFIO_DEVICE_FLAGS_*} without CAPS
 * @param regions number of region indexes
 * @param irqs number of interrupt indexes
 */
public record DeviceInfo(int flags, int regions, int irqs) {}
