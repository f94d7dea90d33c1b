// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import org.jspecify.annotations.Nullable;
import org.vfio4j.VmHandles;
import org.vfio4j.core.codec.DeviceUapi;
import org.vfio4j.core.codec.GroupUapi;
import org.vfio4j.core.vfio.CoreDevice;
import org.vfio4j.spi.call.UapiFile;
import org.vfio4j.spi.device.VfioDevice;
import org.vfio4j.spi.device.VirtualMachine;
import org.vfio4j.spi.host.IommuCapability;

/** Looks behind the files of groups and devices. */
final class FileHandles implements VmHandles {
    @Override
    public boolean isGroup(UapiFile file) {
        return file instanceof GroupUapi;
    }

    @Override
    public boolean isValid(UapiFile file) {
        return isGroup(file) || file instanceof DeviceUapi;
    }

    @Override
    public boolean hasDevice(UapiFile file, VfioDevice device) {
        return file instanceof GroupUapi group
                && device instanceof CoreDevice known
                && known.isIn(group.file().group());
    }

    @Override
    public boolean enforcesCoherency(UapiFile file) {
        return switch (file) {
            case GroupUapi group -> group.file().group().enforcesCoherency();
            case DeviceUapi device ->
                device.file().device().busDevice().capable(IommuCapability.ENFORCE_CACHE_COHERENCY);
            default -> true;
        };
    }

    @Override
    public void setMachine(UapiFile file, @Nullable VirtualMachine machine) {
        if (file instanceof GroupUapi group) {
            group.file().group().machine(machine);
        } else if (file instanceof DeviceUapi device) {
            device.file().machine(machine);
        }
    }
}
