// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.Capability;
import org.vfio4j.spi.device.VirtualMachine;
import org.vfio4j.spi.iommu.GroupKind;
import org.vfio4j.spi.iommu.IommufdContext;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * What the devices of a group reach their IOMMU through when they are opened by the group's file: a container, an iommufd in
 * a container's role, or nothing yet. All calls come with the group's lock held. Spec: core §3.1, §4.3, §4.4.
 */
final class GroupAttachment {
    private final VfioGroup group;
    private final int pageSize;

    private @Nullable VfioContainer container;

    /** 0 without container, else 1 plus the devices open through it (OM-10). */
    private int containerUsers;

    private @Nullable IommufdContext iommufd;

    GroupAttachment(VfioGroup group, int pageSize) {
        this.group = group;
        this.pageSize = pageSize;
    }

    /** Whether there is a container of either kind. */
    boolean present() {
        return container != null || iommufd != null;
    }

    /** SET_CONTAINER by kind of file (GR-7, GR-8, CT-10). */
    void set(Caller caller, ContainerRole role) {
        switch (role) {
            case ContainerRole.Legacy legacy -> {
                legacy.container().attach(caller, group);
                container = legacy.container();
                containerUsers = 1;
            }
            case ContainerRole.Iommufd other -> useIommufd(other.context());
            case ContainerRole.Other _ ->
                throw new VfioException(
                        Errno.EBADFD, "GR-7", "SET_CONTAINER refused: the file is neither a container nor an iommufd");
        }
    }

    private void useIommufd(IommufdContext context) {
        if (withoutIommu()) {
            context.setNoIommuMode();
        } else {
            context.ensureCompatIoas();
        }
        context.retain();
        iommufd = context;
    }

    /** UNSET_CONTAINER (GR-9). */
    void unset() {
        if (!present()) {
            throw new VfioException(Errno.EINVAL, "GR-9", "UNSET_CONTAINER refused: " + group + " has no container");
        }
        if (containerUsers > 1) {
            throw new VfioException(
                    Errno.EBUSY,
                    "GR-9",
                    "UNSET_CONTAINER refused: " + (containerUsers - 1) + " devices of " + group + " are open");
        }
        drop();
    }

    /** Lets go of whatever is there. */
    void drop() {
        dropContainer();
        var context = iommufd;
        if (context != null) {
            iommufd = null;
            context.release();
        }
    }

    /** Lets go of a container, not of an iommufd. */
    void dropContainer() {
        var attached = container;
        if (attached != null) {
            attached.detach(group);
            container = null;
            containerUsers = 0;
        }
    }

    /** The first open of a device (GR-15 to GR-17); its set lock is held too. */
    void openFirst(Caller caller, CoreDevice device, @Nullable VirtualMachine machine) {
        var context = iommufd;
        if (context == null) {
            OpenSequence.firstOpen(device, new ContainerBinding(group, caller, pageSize), machine);
            return;
        }
        if (withoutIommu()) {
            requireUnsafeUse(caller, context, device);
        }
        OpenSequence.firstOpen(device, new IommufdBinding(context, pageSize), machine);
        if (withoutIommu()) {
            return;
        }
        try {
            Objects.requireNonNull(device.ops().iommufdOps()).attach(context.compatIoas());
        } catch (Throwable e) {
            OpenSequence.lastClose(device);
            throw e;
        }
    }

    private static void requireUnsafeUse(Caller caller, IommufdContext context, CoreDevice device) {
        if (!caller.capable(Capability.SYS_RAWIO) || context.hasCompatIoas()) {
            throw new VfioException(
                    Errno.EPERM,
                    "GR-15",
                    "GET_DEVICE_FD refused: " + device + " has no IOMMU; that needs CAP_SYS_RAWIO and an iommufd "
                            + "without a compat IOAS");
        }
    }

    /** The IOMMU step of a first open through a container (DF-20). */
    BackendInstance useContainer(Caller caller) {
        var instance = Objects.requireNonNull(container, "the open checked it").instance();
        if (instance.isEmpty()) {
            throw new VfioException(
                    Errno.EINVAL,
                    "DF-20",
                    "GET_DEVICE_FD refused: the container of " + group + " has no IOMMU backend (SET_IOMMU)");
        }
        if (withoutIommu() && !caller.capable(Capability.SYS_RAWIO)) {
            throw new VfioException(
                    Errno.EPERM,
                    "DF-20",
                    "GET_DEVICE_FD refused: a device without IOMMU (" + group + ") needs CAP_SYS_RAWIO");
        }
        containerUsers++;
        return instance.get();
    }

    /** Undoes {@link #useContainer}. */
    void unuseContainer() {
        containerUsers--;
    }

    private boolean withoutIommu() {
        return group.kind() == GroupKind.NOIOMMU;
    }
}
