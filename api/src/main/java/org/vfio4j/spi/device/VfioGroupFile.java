// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.device;

/**
 * An open group file in the eyes of a driver: who has it owns the group's devices. A {@link org.vfio4j.spi.call.UapiFile}
 * is one when it implements this (kernel: {@code vfio_file_is_group}). Thread-safe.
 */
@FunctionalInterface
public interface VfioGroupFile {
    /** Whether a device is registered in the group (kernel: {@code vfio_file_has_dev}). */
    boolean has(VfioDevice device);
}
