// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.host.IommuCapability;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * What a context has done with one isolation group (kernel: {@code struct iommufd_group}). The first device to attach
 * attaches the hardware of the whole group, later ones ride along, and the last to leave blocks it again.
 * Spec: iommufd §7.3 to §7.7.
 */
final class GroupAttachment {
    /** Nothing has to be released. */
    static final Left NOTHING_LEFT = new Left(null, 0);

    private final IommuGroup group;

    /** Guards {@link #attached} and {@link #table}. Taken after the IOAS mutex, before the host's group lock. */
    private final ReentrantLock groupLock = new ReentrantLock();

    /** Devices attached, by age. */
    private final List<BoundDevice> attached = new ArrayList<>();

    /** What they are attached to; null exactly when there are none. */
    private @Nullable HwPageTable table;

    /** Devices of the group bound to the context. Guarded by the context's groups lock. */
    int bound;

    GroupAttachment(IommuGroup group) {
        this.group = group;
    }

    IommuGroup group() {
        return group;
    }

    /**
     * A table that was left and the users its former attachments still hold on it. They are to be dropped with
     * {@link Context#leave} when neither the group's lock nor an IOAS mutex is held.
     */
    record Left(@Nullable HwPageTable table, int users) {}

    /** Whether a device is attached. */
    boolean isAttached(BoundDevice device) {
        groupLock.lock();
        try {
            return attached.contains(device);
        } finally {
            groupLock.unlock();
        }
    }

    /**
     * Attaches a device, or moves the whole group without a gap if the device is attached already. On failure everything
     * is as before.
     *
     * @throws VfioException EADDRINUSE, EINVAL when the table does not fit, and what the hardware says
     */
    Left attachOrReplace(BoundDevice device, HwPageTable target) {
        groupLock.lock();
        try {
            if (!attached.contains(device)) {
                attach(device, target);
                return NOTHING_LEFT;
            }
            HwPageTable old = table;
            if (old == null || old == target) {
                return NOTHING_LEFT;
            }
            replace(old, target);
            return new Left(old, attached.size());
        } finally {
            groupLock.unlock();
        }
    }

    /** Detaches a device. Cannot fail; no effect when it is not attached. */
    Left detach(BoundDevice device) {
        groupLock.lock();
        try {
            HwPageTable old = table;
            if (old == null || !attached.remove(device)) {
                return NOTHING_LEFT;
            }
            if (attached.isEmpty()) {
                group.detach();
                table = null;
            }
            old.ioas().engine().unreserve(device);
            return new Left(old, 1);
        } finally {
            groupLock.unlock();
        }
    }

    private void attach(BoundDevice device, HwPageTable target) {
        HwPageTable current = table;
        if (current != null && current != target) {
            throw new VfioException(
                    Errno.EINVAL,
                    "device " + device.busDevice().name() + " shares its group with a device that is attached to"
                            + " hardware page table " + current.id() + ", not " + target.id());
        }
        checkFits(device, target);
        IoPageTable engine = target.ioas().engine();
        engine.reserveFor(device.busDevice(), device);
        if (current == null) {
            try {
                group.attach(target.domain());
            } catch (RuntimeException refused) {
                engine.unreserve(device);
                throw refused;
            }
            table = target;
        }
        attached.add(device);
        target.addUser();
    }

    private void replace(HwPageTable old, HwPageTable target) {
        IoPageTable from = old.ioas().engine();
        IoPageTable to = target.ioas().engine();
        int reserved = 0;
        try {
            for (BoundDevice member : attached) {
                checkFits(member, target);
            }
            if (from != to) {
                for (; reserved < attached.size(); reserved++) {
                    BoundDevice member = attached.get(reserved);
                    to.reserveFor(member.busDevice(), member);
                }
            }
            group.replace(target.domain());
        } catch (RuntimeException refused) {
            while (--reserved >= 0) {
                to.unreserve(attached.get(reserved));
            }
            throw refused;
        }
        for (BoundDevice member : attached) {
            if (from != to) {
                from.unreserve(member);
            }
            target.addUser();
        }
        table = target;
    }

    /** A table that enforces coherency is for devices that can. */
    private static void checkFits(BoundDevice device, HwPageTable target) {
        if (target.enforcesCoherency() && !device.busDevice().capable(IommuCapability.ENFORCE_CACHE_COHERENCY)) {
            throw new VfioException(
                    Errno.EINVAL,
                    "hardware page table " + target.id() + " enforces coherency, device "
                            + device.busDevice().name() + " cannot");
        }
    }
}
