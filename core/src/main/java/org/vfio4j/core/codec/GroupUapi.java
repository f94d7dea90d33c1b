// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.codec;

import org.vfio4j.core.vfio.ContainerRole;
import org.vfio4j.core.vfio.GroupFile;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.UapiFile;
import org.vfio4j.spi.device.VfioDevice;
import org.vfio4j.spi.device.VfioGroupFile;
import org.vfio4j.spi.iommu.IommufdFile;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.struct.UapiLayouts;
import org.vfio4j.uapi.struct.VfioGroupStatus;

/** An open group node as raw calls see it. Spec: core §4. */
public final class GroupUapi extends LoggedFile implements VfioGroupFile {
    private final GroupFile file;
    private final int pageSize;

    /**
     * A group file.
     *
     * @param file the group file, closed with this
     * @param pageSize base page size in bytes, which limits names
     */
    public GroupUapi(GroupFile file, int pageSize) {
        this.file = file;
        this.pageSize = pageSize;
    }

    /** The group file. */
    public GroupFile file() {
        return file;
    }

    @Override
    public boolean has(VfioDevice device) {
        return file.has(device);
    }

    @Override
    long call(Caller caller, int command, long argument) {
        try (var user = new UserArgument(caller, argument)) {
            return switch (command) {
                case VfioIoctl.VFIO_GROUP_GET_STATUS -> status(user);
                case VfioIoctl.VFIO_GROUP_SET_CONTAINER -> setContainer(caller, user);
                case VfioIoctl.VFIO_GROUP_UNSET_CONTAINER -> {
                    file.unsetContainer();
                    yield 0;
                }
                case VfioIoctl.VFIO_GROUP_GET_DEVICE_FD -> deviceFd(caller, user);
                default ->
                    throw new VfioException(
                            Errno.ENOTTY, "GR-20", "a group file has no ioctl 0x" + Integer.toHexString(command));
            };
        }
    }

    private long status(UserArgument user) {
        var status = user.read(VfioGroupStatus.SIZEOF, VfioGroupStatus.SIZEOF);
        UserArgument.requireArgsz("GR-6", "GET_STATUS", VfioGroupStatus.argsz(status), VfioGroupStatus.SIZEOF);
        VfioGroupStatus.flags(status, file.status());
        user.write(status, VfioGroupStatus.SIZEOF);
        return 0;
    }

    private long setContainer(Caller caller, UserArgument user) {
        int fd = user.read(Integer.BYTES, Integer.BYTES).get(UapiLayouts.S32, 0);
        try (var reference = caller.files().get(fd)) {
            file.setContainer(caller, role(reference.file()));
        }
        return 0;
    }

    private static ContainerRole role(UapiFile file) {
        if (file instanceof ContainerUapi container) {
            return new ContainerRole.Legacy(container.container());
        }
        if (file instanceof IommufdFile iommufd) {
            return new ContainerRole.Iommufd(iommufd.context());
        }
        return new ContainerRole.Other();
    }

    /** GR-10 to GR-18: the name is matched, then the descriptor reserved, then the state looked at. */
    private long deviceFd(Caller caller, UserArgument user) {
        var name = user.readString(pageSize);
        try (var hold = file.match(name)) {
            int fd = caller.files().reserve();
            try {
                caller.files().install(fd, new DeviceUapi(file.openDevice(caller, hold)));
            } catch (Throwable e) {
                caller.files().cancel(fd);
                throw e;
            }
            return fd;
        }
    }

    @Override
    public void close() {
        file.close();
    }

    @Override
    public String toString() {
        return file.group().toString();
    }
}
