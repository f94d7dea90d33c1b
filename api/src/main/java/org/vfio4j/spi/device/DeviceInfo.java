// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.device;

import org.vfio4j.uapi.struct.VfioDeviceInfo;

/**
 * Answer of GET_INFO (kernel: {@code vfio_device_info}).
 *
 * @param flags {@code VFIO_DEVICE_FLAGS_*} without CAPS
 * @param regions number of region indexes
 * @param irqs number of interrupt indexes
 * @param size bytes of the struct that the driver knows, and that are written at most: a driver that was never taught about
 *     capabilities leaves what is behind the counts alone
 */
public record DeviceInfo(int flags, int regions, int irqs, int size) {
    /** The answer of a driver that knows the whole struct. */
    public DeviceInfo(int flags, int regions, int irqs) {
        this(flags, regions, irqs, VfioDeviceInfo.SIZEOF);
    }

    /** This answer from a driver that knows nothing behind {@code num_irqs}. */
    public DeviceInfo withoutCapabilities() {
        return new DeviceInfo(flags, regions, irqs, VfioDeviceInfo.MIN_ARGSZ);
    }
}
