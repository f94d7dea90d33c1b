// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import java.util.concurrent.atomic.AtomicBoolean;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.device.VfioDevice;
import org.vfio4j.spi.device.VfioGroupFile;
import org.vfio4j.uapi.VfioException;

/** An open group file; a group has at most one. Its operations are the group's. Thread-safe. Spec: core §4. */
public final class GroupFile implements VfioGroupFile, AutoCloseable {
    private final VfioGroup group;
    private final AtomicBoolean closed = new AtomicBoolean();

    GroupFile(VfioGroup group) {
        this.group = group;
    }

    /** The group. */
    public VfioGroup group() {
        return group;
    }

    @Override
    public boolean has(VfioDevice device) {
        return device instanceof CoreDevice known && known.isIn(group);
    }

    /** GET_STATUS: {@code VFIO_GROUP_FLAGS_*}. */
    public int status() {
        return group.status();
    }

    /**
     * SET_CONTAINER.
     *
     * @throws VfioException EINVAL set already, ENODEV revoked, EBADFD neither kind of file, EPERM, EBUSY, or the backend's
     *     refusal
     */
    public void setContainer(Caller caller, ContainerRole role) {
        group.setContainer(caller, role);
    }

    /** UNSET_CONTAINER. */
    public void unsetContainer() {
        group.unsetContainer();
    }

    /**
     * Which device GET_DEVICE_FD means.
     *
     * @throws VfioException ENODEV, or the errno with which a driver aborts the search
     */
    public DeviceHold match(String name) {
        return group.devices().match(name);
    }

    /**
     * Opens the device found.
     *
     * @throws VfioException EINVAL, EPERM, or the errno of the step of the open sequence that failed
     */
    public GroupDeviceFile openDevice(Caller caller, DeviceHold hold) {
        return group.openDevice(caller, hold);
    }

    /** The release: the last descriptor is gone. Idempotent. */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            group.closeFile();
        }
    }
}
