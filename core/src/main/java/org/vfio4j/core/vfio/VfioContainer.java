// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.Capability;
import org.vfio4j.spi.iommu.GroupKind;
import org.vfio4j.spi.iommu.IommuBackend;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * A legacy DMA context: groups and one backend instance (kernel: {@code struct vfio_container}). It belongs to its file and
 * to the groups attached to it; with the last group the backend instance goes and the container is as freshly opened.
 * Thread-safe. Spec: core §3.
 */
public final class VfioContainer {
    private static final Logger LOG = LoggerFactory.getLogger(VfioContainer.class);

    private final ContainerBackends backends;

    /**
     * Guards {@link #groups}, {@link #noIommu} and changes of {@link #instance}. Taken after a group's lock, before
     * {@link ContainerBackends#lock()} and the backend's own locks (kernel: {@code container->group_lock}).
     */
    private final ReentrantReadWriteLock groupsLock = new ReentrantReadWriteLock();

    /** Attached groups, newest first. */
    private final List<VfioGroup> groups = new ArrayList<>();

    private boolean noIommu;

    /** Read without the lock by calls that {@link BackendInstance#enter} it. */
    private volatile @Nullable BackendInstance instance;

    /** Opening needs no privilege and allocates nothing (CT-9). */
    public VfioContainer(ContainerBackends backends) {
        this.backends = backends;
    }

    /**
     * CHECK_EXTENSION (CT-1).
     *
     * @return positive when offered, 0 when not
     */
    public int checkExtension(int extension) {
        groupsLock.readLock().lock();
        try {
            var current = instance;
            if (current != null) {
                return current.backend().checkExtension(extension);
            }
            int answer = 0;
            for (var entry : backends.entries()) {
                if (!groups.isEmpty() && entry.noIommu() != noIommu) {
                    continue;
                }
                answer = entry.driver().checkExtension(extension);
                if (answer > 0) {
                    return answer;
                }
            }
            return answer;
        } finally {
            groupsLock.readLock().unlock();
        }
    }

    /**
     * SET_IOMMU: the first backend that takes the type and every attached group (CT-2).
     *
     * @param caller who asks: the no-IOMMU backend wants CAP_SYS_RAWIO
     * @param type container type
     * @throws VfioException EINVAL without a group or with a backend, ENODEV when none offers the type, or the last
     *     backend's refusal
     */
    public void setIommu(Caller caller, int type) {
        groupsLock.writeLock().lock();
        try {
            if (groups.isEmpty()) {
                throw new VfioException(
                        Errno.EINVAL, "CT-2", "SET_IOMMU type " + type + " refused: the container holds no group");
            }
            var current = instance;
            if (current != null) {
                throw new VfioException(
                        Errno.EINVAL,
                        "CT-2",
                        "SET_IOMMU type " + type + " refused: the container has the backend " + current.name()
                                + " already");
            }
            instance = chooseBackend(caller, type);
        } finally {
            groupsLock.writeLock().unlock();
        }
    }

    private BackendInstance chooseBackend(Caller caller, int type) {
        var refusal = new VfioException(
                Errno.ENODEV,
                "CT-2",
                "SET_IOMMU refused: no IOMMU backend offers container type " + type + " for these groups");
        backends.lock().lock();
        try {
            for (var entry : backends.entries()) {
                if (entry.noIommu() != noIommu || entry.driver().checkExtension(type) <= 0) {
                    continue;
                }
                try {
                    return openAndAttach(caller, entry, type);
                } catch (VfioException e) {
                    LOG.debug("backend {} does not take container type {}: {}", entry.name(), type, e.getMessage());
                    refusal = e;
                }
            }
        } finally {
            backends.lock().unlock();
        }
        throw refusal;
    }

    private BackendInstance openAndAttach(Caller caller, ContainerBackends.Entry entry, int type) {
        if (entry.noIommu() && !caller.capable(Capability.SYS_RAWIO)) {
            throw new VfioException(Errno.EPERM, "CT-5", "SET_IOMMU refused: the no-IOMMU type needs CAP_SYS_RAWIO");
        }
        IommuBackend backend = entry.driver().open(type);
        int attached = 0;
        try {
            for (; attached < groups.size(); attached++) {
                var group = groups.get(attached);
                backend.attachGroup(group.iommuGroup(), group.kind());
            }
        } catch (Throwable e) {
            while (attached-- > 0) {
                backend.detachGroup(groups.get(attached).iommuGroup());
            }
            backend.release();
            throw e;
        }
        return new BackendInstance(entry.name(), backend);
    }

    /**
     * Adds a group, taking its DMA for it (GR-8, CT-7). The group's lock is held.
     *
     * @throws VfioException EPERM privilege missing, kinds mixed or group not viable; EBUSY; or the backend's refusal
     */
    void attach(Caller caller, VfioGroup group) {
        boolean withoutIommu = group.kind() == GroupKind.NOIOMMU;
        if (withoutIommu && !caller.capable(Capability.SYS_RAWIO)) {
            throw new VfioException(
                    Errno.EPERM, "GR-8", "SET_CONTAINER refused: " + group + " has no IOMMU and needs CAP_SYS_RAWIO");
        }
        groupsLock.writeLock().lock();
        try {
            if (!groups.isEmpty() && noIommu != withoutIommu) {
                throw new VfioException(
                        Errno.EPERM,
                        "GR-8",
                        "SET_CONTAINER refused: groups with and without IOMMU cannot share a container (" + group
                                + ")");
            }
            boolean claimed = group.kind() == GroupKind.IOMMU;
            if (claimed) {
                group.iommuGroup().claimDmaOwner(group, false);
            }
            var current = instance;
            if (current != null) {
                try {
                    current.backend().attachGroup(group.iommuGroup(), group.kind());
                } catch (Throwable e) {
                    if (claimed) {
                        group.iommuGroup().releaseDmaOwner(group);
                    }
                    throw e;
                }
            }
            noIommu = withoutIommu;
            groups.addFirst(group);
        } finally {
            groupsLock.writeLock().unlock();
        }
    }

    /** Takes a group out; the last one takes the backend instance along (CT-6). The group's lock is held. */
    void detach(VfioGroup group) {
        groupsLock.writeLock().lock();
        try {
            var current = instance;
            if (current != null) {
                current.backend().detachGroup(group.iommuGroup());
            }
            if (group.kind() == GroupKind.IOMMU) {
                group.iommuGroup().releaseDmaOwner(group);
            }
            groups.remove(group);
            if (groups.isEmpty()) {
                noIommu = false;
                instance = null;
                if (current != null) {
                    current.exit();
                }
            }
        } finally {
            groupsLock.writeLock().unlock();
        }
    }

    /**
     * A call of the backend's own, unchanged.
     *
     * @throws VfioException EINVAL without a backend, else the backend's errno
     */
    public long ioctl(Caller caller, int command, long argument) {
        var entered = enter("ioctl 0x" + Integer.toHexString(command));
        try {
            return entered.backend().ioctl(caller, command, argument);
        } finally {
            entered.exit();
        }
    }

    /**
     * The backend instance, kept alive until its {@link BackendInstance#exit}.
     *
     * @param operation what is wanted of it, for the refusal's sentence
     * @throws VfioException EINVAL when there is none
     */
    public BackendInstance enter(String operation) {
        var current = instance;
        if (current == null || !current.enter()) {
            throw new VfioException(
                    Errno.EINVAL, "Q-9", operation + " refused: the container has no IOMMU backend (SET_IOMMU)");
        }
        return current;
    }

    /** The backend instance now, if any; it may be gone when it is used: see {@link BackendInstance#enter}. */
    public Optional<BackendInstance> instance() {
        return Optional.ofNullable(instance);
    }

    /** The attached groups' numbers, newest first. */
    public List<Integer> groupNumbers() {
        groupsLock.readLock().lock();
        try {
            return groups.stream().map(VfioGroup::number).toList();
        } finally {
            groupsLock.readLock().unlock();
        }
    }
}
