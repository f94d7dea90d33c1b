// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.Capability;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.iommu.GroupKind;
import org.vfio4j.spi.iommu.IommufdContext;
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
    private final int pageSize;

    /**
     * Guards everything below down to {@link #devicesLock} (kernel: {@code group->group_lock}). Taken after the list of
     * groups, before a container's lock and before a set lock. It arbitrates group open against BIND (EX-1).
     */
    private final ReentrantLock lock = new ReentrantLock();

    /** The one open group file; stays while {@link #fileUses} is above 0. */
    private @Nullable GroupFile openFile;

    /** 1 for the open file's descriptors and 1 for each device open through a container. */
    private int fileUses;

    private @Nullable VfioContainer container;

    /** 0 without container, else 1 plus the devices open through it (OM-10). */
    private int containerUsers;

    private @Nullable IommufdContext iommufd;

    /** Files of this group's devices that are bound, or about to be, by their own path. */
    private int cdevOpens;

    /** The last device is unregistered: the IOMMU group is forgotten (UN-6). */
    private boolean revoked;

    /** Guards {@link #devices}; a leaf but for the driver's name match. */
    private final ReentrantLock devicesLock = new ReentrantLock();

    /** Registered devices, newest first. */
    private final List<CoreDevice> devices = new ArrayList<>();

    VfioGroup(GroupKind kind, IommuGroup iommuGroup, int minor, int pageSize) {
        this.kind = kind;
        this.iommuGroup = iommuGroup;
        this.minor = minor;
        this.pageSize = pageSize;
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

    /**
     * Opens the group file (GR-1 to GR-5).
     *
     * @throws VfioException ENODEV revoked, EPERM privilege missing, EBUSY open already or a device bound by its own file
     */
    public GroupFile open(Caller caller) {
        lock.lock();
        try {
            if (revoked) {
                throw revokedError("open");
            }
            if (kind == GroupKind.NOIOMMU && !caller.capable(Capability.SYS_RAWIO)) {
                throw new VfioException(
                        Errno.EPERM, "open of " + this + " refused: a group without IOMMU needs CAP_SYS_RAWIO");
            }
            if (cdevOpens != 0) {
                throw new VfioException(
                        Errno.EBUSY,
                        "open of " + this + " refused: " + cdevOpens + " of its devices are bound by their own files");
            }
            if (openFile != null) {
                throw new VfioException(Errno.EBUSY, "open of " + this + " refused: it is open already");
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
        if (openFile == null || fileUses != 0) {
            return;
        }
        dropContainer();
        dropIommufd();
        openFile = null;
    }

    private void dropContainer() {
        var attached = container;
        if (attached != null) {
            attached.detach(this);
            container = null;
            containerUsers = 0;
        }
    }

    private void dropIommufd() {
        var context = iommufd;
        if (context != null) {
            iommufd = null;
            context.release();
        }
    }

    /** GET_STATUS: flags (GR-6). */
    int status() {
        lock.lock();
        try {
            if (revoked) {
                throw revokedError("GET_STATUS");
            }
            if (container != null || iommufd != null) {
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
            if (container != null || iommufd != null) {
                throw new VfioException(Errno.EINVAL, "SET_CONTAINER refused: " + this + " has a container already");
            }
            if (revoked) {
                throw revokedError("SET_CONTAINER");
            }
            if (role instanceof ContainerRole.Legacy legacy) {
                legacy.container().attach(caller, this);
                container = legacy.container();
                containerUsers = 1;
            } else if (role instanceof ContainerRole.Iommufd other) {
                useIommufd(other.context());
            } else {
                throw new VfioException(
                        Errno.EBADFD, "SET_CONTAINER refused: the file is neither a container nor an iommufd");
            }
        } finally {
            lock.unlock();
        }
    }

    private void useIommufd(IommufdContext context) {
        if (kind == GroupKind.NOIOMMU) {
            context.setNoIommuMode();
        } else {
            context.ensureCompatIoas();
        }
        context.retain();
        iommufd = context;
    }

    /** UNSET_CONTAINER (GR-9). */
    void unsetContainer() {
        lock.lock();
        try {
            if (container != null) {
                if (containerUsers != 1) {
                    throw new VfioException(
                            Errno.EBUSY,
                            "UNSET_CONTAINER refused: " + (containerUsers - 1) + " devices of " + this + " are open");
                }
                dropContainer();
            } else if (iommufd != null) {
                dropIommufd();
            } else {
                throw new VfioException(Errno.EINVAL, "UNSET_CONTAINER refused: " + this + " has no container");
            }
        } finally {
            lock.unlock();
        }
    }

    /** The first half of GET_DEVICE_FD: which device is meant, before any state is looked at (GR-11). */
    DeviceHold match(String name) {
        devicesLock.lock();
        try {
            for (var device : devices) {
                var match = device.ops().nameMatch();
                boolean meant = match != null
                        ? match.matches(name)
                        : name.equals(device.busDevice().name());
                if (meant && device.registration().tryGet()) {
                    return new DeviceHold(device);
                }
            }
        } finally {
            devicesLock.unlock();
        }
        throw new VfioException(Errno.ENODEV, "GET_DEVICE_FD refused: " + this + " has no device \"" + name + "\"");
    }

    /** The second half of GET_DEVICE_FD (GR-13 to GR-18). The hold passes to the file on success. */
    GroupDeviceFile openDevice(Caller caller, DeviceHold hold) {
        var device = hold.device();
        lock.lock();
        try {
            if (container == null && iommufd == null) {
                throw new VfioException(Errno.EINVAL, "GET_DEVICE_FD refused: " + this + " has no container");
            }
            var setLock = device.deviceSet().lock();
            setLock.lock();
            try {
                if (device.openCount() == 0) {
                    openFirst(caller, device);
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

    private void openFirst(Caller caller, CoreDevice device) {
        var context = iommufd;
        if (context == null) {
            OpenSequence.firstOpen(device, new ContainerBinding(this, caller, pageSize));
            return;
        }
        if (kind == GroupKind.NOIOMMU) {
            if (!caller.capable(Capability.SYS_RAWIO) || context.hasCompatIoas()) {
                throw new VfioException(
                        Errno.EPERM,
                        "GET_DEVICE_FD refused: " + device + " has no IOMMU; that needs CAP_SYS_RAWIO and an iommufd "
                                + "without a compat IOAS");
            }
            OpenSequence.firstOpen(device, new IommufdBinding(context, pageSize));
            return;
        }
        OpenSequence.firstOpen(device, new IommufdBinding(context, pageSize));
        try {
            Objects.requireNonNull(device.ops().iommufdOps()).attach(context.compatIoas());
        } catch (Throwable e) {
            OpenSequence.lastClose(device);
            throw e;
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

    /** The IOMMU step of a first open through a container; the lock is held. */
    BackendInstance useContainer(Caller caller) {
        var instance = Objects.requireNonNull(container, "the open checked it").instance();
        if (instance.isEmpty()) {
            throw new VfioException(
                    Errno.EINVAL,
                    "GET_DEVICE_FD refused: the container of " + this + " has no IOMMU backend (SET_IOMMU)");
        }
        if (kind == GroupKind.NOIOMMU && !caller.capable(Capability.SYS_RAWIO)) {
            throw new VfioException(
                    Errno.EPERM, "GET_DEVICE_FD refused: a device without IOMMU (" + this + ") needs CAP_SYS_RAWIO");
        }
        fileUses++;
        containerUsers++;
        return instance.get();
    }

    /** Undoes {@link #useContainer}; the lock is held. */
    void unuseContainer() {
        containerUsers--;
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
                throw new VfioException(Errno.EBUSY, "BIND_IOMMUFD refused: the file of " + this + " is open");
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

    @SuppressWarnings("ReferenceEquality") // A bus device is its identity.
    boolean contains(BusDevice busDevice) {
        devicesLock.lock();
        try {
            return devices.stream().anyMatch(device -> device.busDevice() == busDevice);
        } finally {
            devicesLock.unlock();
        }
    }

    void add(CoreDevice device) {
        devicesLock.lock();
        try {
            devices.addFirst(device);
        } finally {
            devicesLock.unlock();
        }
    }

    void remove(CoreDevice device) {
        devicesLock.lock();
        try {
            devices.remove(device);
        } finally {
            devicesLock.unlock();
        }
    }

    /** The last device is unregistered (UN-6). An iommufd stays until UNSET_CONTAINER or close. */
    void revoke() {
        lock.lock();
        try {
            dropContainer();
            revoked = true;
        } finally {
            lock.unlock();
        }
    }

    private VfioException revokedError(String operation) {
        return new VfioException(Errno.ENODEV, operation + " refused: the last device of " + this + " is gone");
    }

    @Override
    public String toString() {
        return "group " + number();
    }
}
