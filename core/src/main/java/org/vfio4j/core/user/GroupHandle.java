// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import org.jspecify.annotations.Nullable;
import org.vfio4j.Container;
import org.vfio4j.Device;
import org.vfio4j.DmaSpace;
import org.vfio4j.Group;
import org.vfio4j.Iommufd;
import org.vfio4j.OpenPath;
import org.vfio4j.core.vfio.ContainerRole;
import org.vfio4j.core.vfio.GroupFile;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** A group file the program has open. A call that is running keeps it from being released. */
final class GroupHandle implements Group {
    private final GroupFile file;
    private final ProgramCaller caller;
    private final Handles handles;

    private final HoldCount holds;

    /** How a device opened now reaches memory. */
    private volatile @Nullable Role role;

    private record Role(OpenPath path, DmaOfDevice dma) {}

    GroupHandle(GroupFile file, ProgramCaller caller, Handles handles) {
        this.file = file;
        this.caller = caller;
        this.handles = handles;
        this.holds = new HoldCount(() -> "the file of " + file.group(), file::close);
    }

    @Override
    public int number() {
        return file.group().number();
    }

    @Override
    public int status() {
        holds.enter();
        try {
            return file.status();
        } finally {
            holds.exit();
        }
    }

    @Override
    public void setContainer(Container container) {
        if (!(container instanceof ContainerHandle handle)) {
            throw new IllegalArgumentException("this container was not opened here");
        }
        set(new ContainerRole.Legacy(handle.container()), new Role(OpenPath.GROUP, handle::dma));
    }

    @Override
    public void setContainer(Iommufd iommufd) {
        if (!(iommufd instanceof IommufdHandle handle)) {
            throw new IllegalArgumentException("this iommufd was not opened here");
        }
        set(new ContainerRole.Iommufd(handle.context()), new Role(OpenPath.GROUP_IOMMUFD, handle::compatIoas));
    }

    private void set(ContainerRole container, Role next) {
        holds.enter();
        try {
            file.setContainer(caller, container);
            role = next;
        } finally {
            holds.exit();
        }
    }

    @Override
    public void unsetContainer() {
        holds.enter();
        try {
            file.unsetContainer();
            role = null;
        } finally {
            holds.exit();
        }
    }

    @Override
    public Device openDevice(String name) {
        var device = openDeviceFile(name);
        var now = role;
        return handles.track(new DeviceHandle(
                device,
                now == null ? OpenPath.GROUP : now.path(),
                now == null ? GroupHandle::noContainer : now.dma(),
                handles,
                device::close));
    }

    /** GET_DEVICE_FD; the file is the caller's to close. */
    OpenDeviceFile openDeviceFile(String name) {
        holds.enter();
        try (var hold = file.match(name)) {
            return new OpenDeviceFile(file.openDevice(caller, hold));
        } finally {
            holds.exit();
        }
    }

    /**
     * The group file, not released before {@link #letGo}.
     *
     * @throws VfioException EBADF after close
     */
    GroupFile hold() {
        holds.enter();
        return file;
    }

    /** Ends {@link #hold}. */
    void letGo() {
        holds.exit();
    }

    private static DmaSpace noContainer() {
        throw new VfioException(Errno.EINVAL, "the group has no container");
    }

    @Override
    public void close() {
        if (holds.close()) {
            handles.forget(this);
        }
    }
}
