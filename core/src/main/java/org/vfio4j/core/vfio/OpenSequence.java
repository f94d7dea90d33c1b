// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.spi.device.VirtualMachine;

/**
 * The one sequence that opens a device for the first time and closes it for the last time, whichever path its file came by
 * (kernel: {@code vfio_df_device_first_open}, {@code vfio_df_device_last_close}). The set lock is held; on the group path the
 * group lock too. Spec: core §6.1.
 */
final class OpenSequence {
    private static final Logger LOG = LoggerFactory.getLogger(OpenSequence.class);

    private OpenSequence() {}

    /**
     * First open (DF-20): the virtual machine's reference, the IOMMU step, then the driver. A failure undoes what was done.
     *
     * @param machine the machine the device is for, if it can still be had
     * @return id of the object made in an iommufd context, 0 without one
     */
    static int firstOpen(CoreDevice device, IommuBinding binding, @Nullable VirtualMachine machine) {
        device.opened(binding, machine != null && machine.tryGet() ? machine : null);
        int id;
        try {
            id = binding.bind(device);
        } catch (Throwable e) {
            device.closed();
            throw e;
        }
        try {
            device.ops().openDevice();
        } catch (Throwable e) {
            unbind(device, binding);
            device.closed();
            throw e;
        }
        return id;
    }

    /** Last close (DF-22): the driver first, then the IOMMU step. Cannot fail. */
    static void lastClose(CoreDevice device) {
        var binding = device.requireBinding();
        try {
            device.ops().closeDevice();
        } catch (RuntimeException e) {
            LOG.error("close_device of {} failed; the close goes on", device, e);
        }
        unbind(device, binding);
        device.closed();
    }

    private static void unbind(CoreDevice device, IommuBinding binding) {
        try {
            binding.unbind(device);
        } catch (RuntimeException e) {
            LOG.error("letting go of the IOMMU of {} failed", device, e);
        }
    }
}
