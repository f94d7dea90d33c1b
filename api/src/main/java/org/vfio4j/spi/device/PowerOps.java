// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.device;

/**
 * Runtime power of a device (kernel: {@code pm_runtime_resume_and_get} and {@code pm_runtime_put} on the bus device).
 * The core holds power during every device-control call but BIND. Spec: core DF-1.
 */
public interface PowerOps {
    /**
     * Wakes the device and keeps it awake until {@link #put}.
     *
     * @throws org.vfio4j.uapi.VfioException when it does not wake; the user sees EIO
     */
    void get();

    /** Allows the device to sleep again. */
    void put();
}
