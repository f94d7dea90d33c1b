// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.vfio4j.Device;
import org.vfio4j.DeviceFile;
import org.vfio4j.DmaSpace;
import org.vfio4j.Iommufd;
import org.vfio4j.OpenPath;
import org.vfio4j.core.vfio.CdevFile;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** A device's own file the program has open, parked or bound. */
final class DeviceFileHandle implements DeviceFile {
    private final OpenDeviceFile file;
    private final CdevFile cdev;
    private final Handles handles;
    private volatile @Nullable IommufdHandle iommufd;
    private volatile @Nullable DmaSpace attached;

    DeviceFileHandle(CdevFile cdev, Handles handles) {
        this.cdev = cdev;
        this.file = new OpenDeviceFile(cdev);
        this.handles = handles;
    }

    /** The file as it is held. */
    OpenDeviceFile file() {
        return file;
    }

    @Override
    public Device bind(Iommufd with) {
        return bind(with, Optional.empty());
    }

    @Override
    public Device bind(Iommufd with, UUID vfToken) {
        return bind(with, Optional.of(vfToken));
    }

    Device bind(Iommufd with, Optional<UUID> vfToken) {
        if (!(with instanceof IommufdHandle handle)) {
            throw new IllegalArgumentException("this iommufd was not opened here");
        }
        file.hold();
        try {
            cdev.bind(
                    vfToken.<Supplier<UUID>>map(token -> () -> token).orElse(null),
                    handle::retained,
                    id -> iommufd = handle);
        } finally {
            file.exit();
        }
        return new DeviceHandle(file, OpenPath.CDEV, this::space, handles, this::close);
    }

    private DmaSpace space() {
        return Optional.ofNullable(attached)
                .orElseThrow(
                        () -> new VfioException(Errno.EINVAL, cdev.device() + " is attached to no I/O address space"));
    }

    @Override
    public int deviceId() {
        return cdev.deviceId();
    }

    @Override
    public int attach(DmaSpace ioas) {
        var bound = iommufd;
        file.enter();
        try {
            int id = bound == null ? 0 : bound.id(ioas);
            int[] used = new int[1];
            cdev.attach(id, answer -> used[0] = answer);
            attached = ioas;
            return used[0];
        } finally {
            file.exit();
        }
    }

    @Override
    public void detach() {
        file.enter();
        try {
            cdev.detach();
            attached = null;
        } finally {
            file.exit();
        }
    }

    @Override
    public void close() {
        if (file.close()) {
            handles.forget(this);
        }
    }
}
