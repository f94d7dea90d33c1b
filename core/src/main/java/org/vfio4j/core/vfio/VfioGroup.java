// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.Capability;
import org.vfio4j.spi.device.VirtualMachine;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.iommu.GroupKind;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * An isolation group with at least one VFIO device (kernel: {@code struct vfio_group}). It is its own identity as a DMA
 * owner. Its states are those of core §4.7. Thread-safe. Spec: core §4, §7.
 */
public final class VfioGroup {
    /** {@code VFIO_GROUP_FLAGS_VIABLE}. */
    private static final int VIABLE = 1;

    /** {@code VFIO_GROUP_FLAGS_CONTAINER_SET}. */
    private static final int CONTAINER_SET = 2;

    private final GroupKind kind;
    private final IommuGroup iommuGroup;
    private final int minor;
    private final GroupDevices devices = new GroupDevices(this);

    /**
     * Guards everything below (kernel: {@code group->group_lock}). Taken after the list of groups, before a container's lock
     * and before a set lock. It arbitrates group open against BIND (EX-1).
     */
    private final ReentrantLock lock = new ReentrantLock();

    private final GroupAttachment attachment;

    /** The one open group file; stays while {@link #fileUses} is above 0. */
    private @Nullable GroupFile openFile;

    /** 1 for the open file's descriptors and 1 for each device open through a container. */
    private int fileUses;

    /** Files of this group's devices that are bound, or about to be, by their own path. */
    private int cdevOpens;

    /** The machine devices opened through the group file are for; no reference is held (EXT-2). */
    private @Nullable VirtualMachine machine;

    /** The last device is unregistered: the IOMMU group is forgotten (UN-6). */
    private boolean revoked;

    VfioGroup(GroupKind kind, IommuGroup iommuGroup, int minor, int pageSize) {
        this.kind = kind;
        this.iommuGroup = iommuGroup;
        this.minor = minor;
        this.attachment = new GroupAttachment(this, pageSize);
    }

    /** Number of its node. */
    public int number() {
        return iommuGroup.id();
    }

    /** Minor number of its node: no other group that is not revoked has it. */
    public int minor() {
        return minor;
    }

    /** Its kind. */
    public GroupKind kind() {
        return kind;
    }

    /** The isolation group beneath. */
    public IommuGroup iommuGroup() {
        return iommuGroup;
    }

    /** Name of its node below {@code /dev/vfio}. */
    public String nodeName() {
        return kind == GroupKind.NOIOMMU ? "noiommu-" + number() : Integer.toString(number());
    }

    /** Its registered devices. */
    GroupDevices devices() {
        return devices;
    }

    /**
     * Opens the group file (GR-1 to GR-5).
     *
     * @throws VfioException ENODEV revoked, EPERM privilege missing, EBUSY open already or a device bound by its own file
     */
    public GroupFile open(Caller caller) {
        lock.lock();
        try {
            requireNotRevoked("GR-1", "open");
            if (kind == GroupKind.NOIOMMU && !caller.capable(Capability.SYS_RAWIO)) {
                throw new VfioException(
                        Errno.EPERM, "GR-2", "open of " + this + " refused: a group without IOMMU needs CAP_SYS_RAWIO");
            }
            if (cdevOpens != 0) {
                throw new VfioException(
                        Errno.EBUSY,
                        "GR-3",
                        "open of " + this + " refused: " + cdevOpens + " of its devices are bound by their own files");
            }
            if (openFile != null) {
                throw new VfioException(Errno.EBUSY, "GR-4", "open of " + this + " refused: it is open already");
            }
            var file = new GroupFile(this);
            openFile = file;
            fileUses = 1;
            return file;
        } finally {
            lock.unlock();
        }
    }

    /** The last descriptor of the group file is gone; devices open through a container put the release off (GR-21). */
    void closeFile() {
        lock.lock();
        try {
            fileUses--;
            releaseUnusedFile();
        } finally {
            lock.unlock();
        }
    }

    private void releaseUnusedFile() {
        if (openFile != null && fileUses == 0) {
            attachment.drop();
            openFile = null;
        }
    }

    /** The machine that devices opened from now on are for (EXT-2). */
    public void machine(@Nullable VirtualMachine next) {
        lock.lock();
        try {
            machine = next;
        } finally {
            lock.unlock();
        }
    }

    /** Whether DMA of all its registered devices can be kept from getting round CPU caches (EXT-3). */
    public boolean enforcesCoherency() {
        return devices.enforceCoherency();
    }

    /** GET_STATUS: flags (GR-6). */
    int status() {
        lock.lock();
        try {
            requireNotRevoked("GR-6", "GET_STATUS");
            if (attachment.present()) {
                return VIABLE | CONTAINER_SET;
            }
            return iommuGroup.dmaUnowned() ? VIABLE : 0;
        } finally {
            lock.unlock();
        }
    }

    /** SET_CONTAINER (GR-7, GR-8, CT-10). */
    void setContainer(Caller caller, ContainerRole role) {
        lock.lock();
        try {
            if (attachment.present()) {
                throw new VfioException(
                        Errno.EINVAL, "GR-7", "SET_CONTAINER refused: " + this + " has a container already");
            }
            requireNotRevoked("GR-7", "SET_CONTAINER");
            attachment.set(caller, role);
        } finally {
            lock.unlock();
        }
    }

    /** UNSET_CONTAINER (GR-9). */
    void unsetContainer() {
        lock.lock();
        try {
            attachment.unset();
        } finally {
            lock.unlock();
        }
    }

    /** The second half of GET_DEVICE_FD (GR-13 to GR-18). The hold passes to the file on success. */
    GroupDeviceFile openDevice(Caller caller, DeviceHold hold) {
        var device = hold.device();
        lock.lock();
        try {
            if (!attachment.present()) {
                throw new VfioException(Errno.EINVAL, "GR-13", "GET_DEVICE_FD refused: " + this + " has no container");
            }
            var setLock = device.deviceSet().lock();
            setLock.lock();
            try {
                if (device.openCount() == 0) {
                    attachment.openFirst(caller, device, machine);
                } else {
                    device.shared(1);
                }
            } finally {
                setLock.unlock();
            }
            hold.transfer();
            return new GroupDeviceFile(device);
        } finally {
            lock.unlock();
        }
    }

    /** A granted file of the group path is closed (DF-24). */
    void closeDevice(CoreDevice device) {
        lock.lock();
        try {
            var setLock = device.deviceSet().lock();
            setLock.lock();
            try {
                if (device.openCount() == 1) {
                    OpenSequence.lastClose(device);
                } else {
                    device.shared(-1);
                }
            } finally {
                setLock.unlock();
            }
            releaseUnusedFile();
        } finally {
            lock.unlock();
        }
        device.registration().put();
    }

    /** The IOMMU step of a first open through a container: it keeps the group file too. The lock is held. */
    BackendInstance useContainer(Caller caller) {
        var instance = attachment.useContainer(caller);
        fileUses++;
        return instance;
    }

    /** Undoes {@link #useContainer}; the lock is held. */
    void unuseContainer() {
        attachment.unuseContainer();
        fileUses--;
    }

    /**
     * Keeps the group from being opened while a device is bound by its own file.
     *
     * @throws VfioException EBUSY when the group file is open
     */
    void blockForCdev() {
        lock.lock();
        try {
            if (openFile != null) {
                throw new VfioException(
                        Errno.EBUSY, "§5.1 step 6", "BIND_IOMMUFD refused: the file of " + this + " is open");
            }
            cdevOpens++;
        } finally {
            lock.unlock();
        }
    }

    /** Undoes {@link #blockForCdev}. */
    void unblockForCdev() {
        lock.lock();
        try {
            cdevOpens--;
        } finally {
            lock.unlock();
        }
    }

    /** The last device is unregistered (UN-6). An iommufd stays until UNSET_CONTAINER or close. */
    void revoke() {
        lock.lock();
        try {
            attachment.dropContainer();
            revoked = true;
        } finally {
            lock.unlock();
        }
    }

    private void requireNotRevoked(String rule, String operation) {
        if (revoked) {
            throw new VfioException(
                    Errno.ENODEV, rule, operation + " refused: the last device of " + this + " is gone");
        }
    }

    @Override
    public String toString() {
        return "group " + number();
    }
}
