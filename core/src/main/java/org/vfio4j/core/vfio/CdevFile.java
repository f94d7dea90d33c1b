// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import java.util.Objects;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.device.IommufdOps;
import org.vfio4j.spi.iommu.IommufdContext;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * An open {@code /dev/vfio/devices/vfioX}: parked until {@link #bind} succeeds; at most one granted file for one device.
 * Spec: core §5.
 */
public final class CdevFile extends VfioDeviceFile {
    private final int pageSize;

    /** The context the file is bound to; guarded by the set lock. */
    private @Nullable IommufdContext context;

    /** Id of the device or access object in the context, 0 while parked; guarded by the set lock. */
    private int deviceId;

    CdevFile(CoreDevice device, int pageSize) {
        super(device, false);
        this.pageSize = pageSize;
    }

    /**
     * BIND_IOMMUFD, from step 6 of core §5.1 on. On failure the file stays parked and may bind again.
     *
     * @param withToken whether the caller gave a VF token
     * @param iommufd finds the context when its turn comes, with a reference that it gives away
     * @param publish tells the caller the id; its failure undoes everything
     * @throws VfioException EBUSY the group file is open; EINVAL bound already or the device open by another file; the
     *     errno of the lookup or of the step of the open sequence that failed
     */
    public void bind(boolean withToken, Supplier<IommufdContext> iommufd, IntConsumer publish) {
        var group = device().group();
        group.blockForCdev();
        try {
            var setLock = device().deviceSet().lock();
            setLock.lock();
            try {
                bindLocked(withToken, iommufd, publish);
            } finally {
                setLock.unlock();
            }
        } catch (Throwable e) {
            group.unblockForCdev();
            throw e;
        }
    }

    private void bindLocked(boolean withToken, Supplier<IommufdContext> iommufd, IntConsumer publish) {
        if (granted()) {
            throw new VfioException(
                    Errno.EINVAL, "BIND_IOMMUFD refused: this file of " + device() + " is bound already");
        }
        if (withToken) {
            throw new VfioException(
                    Errno.EINVAL,
                    "BIND_IOMMUFD refused: driver " + device().ops().driverName() + " takes no VF token");
        }
        var target = iommufd.get();
        try {
            if (device().openCount() != 0) {
                throw new VfioException(
                        Errno.EINVAL, "BIND_IOMMUFD refused: " + device() + " is open through another file");
            }
            int id = OpenSequence.firstOpen(device(), new IommufdBinding(target, pageSize));
            try {
                publish.accept(id);
            } catch (Throwable e) {
                OpenSequence.lastClose(device());
                throw e;
            }
            deviceId = id;
        } catch (Throwable e) {
            target.release();
            throw e;
        }
        context = target;
        grant();
    }

    /**
     * ATTACH_IOMMUFD_PT without PASID: attaches, or replaces.
     *
     * @param ptId id of an IOAS or a hardware page table
     * @param publish tells the caller the id used; its failure undoes the attachment
     */
    public void attach(int ptId, IntConsumer publish) {
        requireGranted();
        var setLock = device().deviceSet().lock();
        setLock.lock();
        try {
            int used = iommufdOps().attach(ptId);
            try {
                publish.accept(used);
            } catch (Throwable e) {
                iommufdOps().detach();
                throw e;
            }
        } finally {
            setLock.unlock();
        }
    }

    /** DETACH_IOMMUFD_PT without PASID; no effect when nothing is attached. */
    public void detach() {
        requireGranted();
        var setLock = device().deviceSet().lock();
        setLock.lock();
        try {
            iommufdOps().detach();
        } finally {
            setLock.unlock();
        }
    }

    /** Id of the device or access object in the context; 0 while parked. */
    public int deviceId() {
        var setLock = device().deviceSet().lock();
        setLock.lock();
        try {
            return deviceId;
        } finally {
            setLock.unlock();
        }
    }

    private IommufdOps iommufdOps() {
        return Objects.requireNonNull(device().ops().iommufdOps(), "registration checked that they exist");
    }

    @Override
    void release() {
        if (granted()) {
            var setLock = device().deviceSet().lock();
            setLock.lock();
            try {
                OpenSequence.lastClose(device());
                Objects.requireNonNull(context).release();
                context = null;
                deviceId = 0;
            } finally {
                setLock.unlock();
            }
            device().group().unblockForCdev();
        }
        device().registration().put();
    }
}
