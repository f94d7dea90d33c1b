// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.host.TceTableGroup;
import org.vfio4j.spi.iommu.GroupKind;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The groups of a container, newest first: which may join, and what happens to the windows when one joins or leaves. Guarded
 * by the container's configuration lock. Spec: spapr §3.
 */
final class AttachedGroups {
    private static final Logger LOG = LoggerFactory.getLogger(AttachedGroups.class);

    private final boolean version2;
    private final DmaWindows windows;
    private final List<AttachedGroup> groups = new ArrayList<>();

    AttachedGroups(boolean version2, DmaWindows windows) {
        this.version2 = version2;
        this.windows = windows;
    }

    /**
     * Adds a group and gives it the container's windows (A1 to A8).
     *
     * @throws VfioException EINVAL, ENODEV, EBUSY, EPERM, or what the platform answers; the group has no windows then
     */
    void attach(IommuGroup group, GroupKind kind) {
        if (kind == GroupKind.EMULATED) {
            throw refuse(Errno.EINVAL, group, "its device has no DMA that windows could translate");
        }
        TceTableGroup tables = group.tceTableGroup()
                .orElseThrow(() -> refuse(Errno.ENODEV, group, "its IOMMU does not translate with TCE tables"));
        if (version2 && tables.maxDynamicWindows() == 0) {
            throw refuse(Errno.EINVAL, group, "its platform has no dynamic windows, which version 2 needs");
        }
        if (!version2 && !groups.isEmpty()) {
            throw refuse(Errno.EBUSY, group, "a version 1 container holds one group and has " + groups.getFirst());
        }
        for (AttachedGroup other : groups) {
            if (other.group() == group) {
                throw refuse(Errno.EBUSY, group, "it is attached already");
            }
            if (other.tables().platformIdentity() != tables.platformIdentity()) {
                throw refuse(Errno.EPERM, group, "its platform is not that of " + other);
            }
        }
        boolean first = groups.isEmpty();
        var attached = new AttachedGroup(group, tables);
        try {
            windows.setOn(attached);
        } finally {
            // The default window is made when it is first needed, also after a refusal.
            if (first) {
                windows.expectDefault();
            }
        }
        groups.addFirst(attached);
    }

    /** Removes a group. [quirk] Shared windows lose their entries for the groups that stay, too. */
    void detach(IommuGroup group) {
        AttachedGroup leaving = find(group);
        if (leaving == null) {
            LOG.warn("group {} is to be detached from a container it is not attached to", group.id());
            return;
        }
        groups.remove(leaving);
        windows.clearAndUnset(leaving);
    }

    /** The container is released. */
    void detachAll() {
        while (!groups.isEmpty()) {
            detach(groups.getFirst().group());
        }
    }

    /** All groups, newest first. */
    List<AttachedGroup> list() {
        return Collections.unmodifiableList(groups);
    }

    boolean isEmpty() {
        return groups.isEmpty();
    }

    /**
     * The newest group, which speaks for all of them.
     *
     * @throws VfioException with the errno given when there is none
     */
    AttachedGroup newest(String operation, Errno ifNone) {
        if (groups.isEmpty()) {
            throw Refusal.of(ifNone, operation, "the container has no group");
        }
        return groups.getFirst();
    }

    private @Nullable AttachedGroup find(IommuGroup group) {
        for (AttachedGroup attached : groups) {
            if (attached.group() == group) {
                return attached;
            }
        }
        return null;
    }

    private static VfioException refuse(Errno errno, IommuGroup group, String reason) {
        return Refusal.of(errno, "attach of group " + group.id(), reason);
    }
}
