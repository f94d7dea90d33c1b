// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.codec;

import java.lang.foreign.MemorySegment;
import org.vfio4j.core.vfio.CdevFile;
import org.vfio4j.core.vfio.VfioDeviceFile;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.UapiMapping;
import org.vfio4j.uapi.VfioIoctl;

/** An open device as raw calls see it, whichever path it was opened by. Spec: core §5, §6. */
public final class DeviceUapi extends LoggedFile {
    private final VfioDeviceFile file;

    /** A device file, closed with this. */
    public DeviceUapi(VfioDeviceFile file) {
        this.file = file;
    }

    /** The device file. */
    public VfioDeviceFile file() {
        return file;
    }

    /** The order of DF-1: BIND first, then whether the file is granted, then power, then the calls themselves. */
    @Override
    long call(Caller caller, int command, long argument) {
        try (var user = new UserArgument(caller, argument)) {
            if (command == VfioIoctl.VFIO_DEVICE_BIND_IOMMUFD) {
                return CdevCodec.bind(caller, user, file);
            }
            file.requireGranted();
            var power = file.device().wake();
            try {
                return granted(caller, user, command, argument);
            } finally {
                if (power != null) {
                    power.put();
                }
            }
        }
    }

    private long granted(Caller caller, UserArgument user, int command, long argument) {
        if (file instanceof CdevFile cdev) {
            if (command == VfioIoctl.VFIO_DEVICE_ATTACH_IOMMUFD_PT) {
                return CdevCodec.attach(user, cdev);
            }
            if (command == VfioIoctl.VFIO_DEVICE_DETACH_IOMMUFD_PT) {
                return CdevCodec.detach(user, cdev);
            }
        }
        return DeviceCodec.ioctl(caller, user, file.device(), command, argument);
    }

    @Override
    long readAt(long position, MemorySegment target) {
        return file.ops().read(position, target);
    }

    @Override
    long writeAt(long position, MemorySegment source) {
        return file.ops().write(position, source);
    }

    @Override
    UapiMapping map(long offset, long length, int protection, boolean shared) {
        return file.ops().mmap(offset, length, protection, shared);
    }

    @Override
    public String fdinfo() {
        return file.fdinfo();
    }

    @Override
    public void close() {
        file.close();
    }

    @Override
    public String toString() {
        return file.device().toString();
    }
}
