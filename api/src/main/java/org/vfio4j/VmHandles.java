// SPDX-License-Identifier: Apache-2.0
package org.vfio4j;

import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.call.UapiFile;
import org.vfio4j.spi.device.VfioDevice;
import org.vfio4j.spi.device.VirtualMachine;

/**
 * Files of groups and devices as handles for a virtual machine monitor (kernel: {@code vfio_file_is_group},
 * {@code vfio_file_set_kvm} and their siblings). Thread-safe. Spec: core EXT-1 to EXT-3.
 */
public interface VmHandles {
    /** Whether the file is a group's. */
    boolean isGroup(UapiFile file);

    /** Whether the file is a group's or a device's. */
    boolean isValid(UapiFile file);

    /** Whether the file is that of the device's group; never true for a device's own file. */
    boolean hasDevice(UapiFile file, VfioDevice device);

    /**
     * Whether DMA cannot get round CPU caches: for a group, that of all its devices, and true if it has none; for a device
     * file, that of the device; true for any other file.
     */
    boolean enforcesCoherency(UapiFile file);

    /**
     * Says which machine devices opened through the file are for. It is no reference: a device takes one at its first open
     * and keeps it until its last close, whatever is set meanwhile. No effect on other files.
     *
     * @param machine null for none
     */
    void setMachine(UapiFile file, @Nullable VirtualMachine machine);
}
