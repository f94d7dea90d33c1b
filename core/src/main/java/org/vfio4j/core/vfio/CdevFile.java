// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import java.util.Objects;
import java.util.UUID;
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
     * @param token reads the VF token the caller gave, when its turn comes; null when none was given
     * @param iommufd finds the context when its turn comes, with a reference that it gives away
     * @param publish tells the caller the id; its failure undoes everything
     * @throws VfioException EBUSY the group file is open; EINVAL bound already or the device open by another file; the
     *     errno of the lookup or of the step of the open sequence that failed
     */
    public void bind(@Nullable Supplier<UUID> token, Supplier<IommufdContext> iommufd, IntConsumer publish) {
        var group = device().group();
        group.blockForCdev();
        try {
            var setLock = device().deviceSet().lock();
            setLock.lock();
            try {
                bindLocked(token, iommufd, publish);
            } finally {
                setLock.unlock();
            }
        } catch (Throwable e) {
            group.unblockForCdev();
            throw e;
        }
    }

    private void bindLocked(@Nullable Supplier<UUID> token, Supplier<IommufdContext> iommufd, IntConsumer publish) {
        if (granted()) {
            throw new VfioException(
                    Errno.EINVAL,
                    "§5.1 step 7",
                    "BIND_IOMMUFD refused: this file of " + device() + " is bound already");
        }
        checkToken(token);
        var target = iommufd.get();
        try {
            if (device().openCount() != 0) {
                throw new VfioException(
                        Errno.EINVAL, "DF-21", "BIND_IOMMUFD refused: " + device() + " is open through another file");
            }
            int id = OpenSequence.firstOpen(device(), new IommufdBinding(target, pageSize), machine());
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
        device().cdevContext(target);
        grant();
    }

    private void checkToken(@Nullable Supplier<UUID> token) {
        var match = device().ops().tokenMatch();
        if (match != null) {
            match.check(token == null ? null : token.get());
        } else if (token != null) {
            throw new VfioException(
                    Errno.EINVAL,
                    "§5.1 step 8",
                    "BIND_IOMMUFD refused: driver " + device().ops().driverName() + " takes no VF token");
        }
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

    /**
     * ATTACH_IOMMUFD_PT with a PASID: attaches, or replaces what that PASID is attached to.
     *
     * @param pasid the process address space
     * @param ptId id of a hardware page table made for PASIDs
     * @param publish tells the caller the id used; its failure undoes this attachment and no other
     * @throws VfioException EOPNOTSUPP the driver has no PASIDs, EINVAL for PASID 0, or the backend's refusal
     */
    public void attachPasid(int pasid, int ptId, IntConsumer publish) {
        requireGranted();
        if (pasid == 0) {
            throw new VfioException(
                    Errno.EINVAL,
                    "Q-8",
                    "ATTACH refused: PASID 0 is the device itself, which is attached without PASID");
        }
        var pasids = requirePasids("ATTACH");
        var setLock = device().deviceSet().lock();
        setLock.lock();
        try {
            int used = pasids.attach(pasid, ptId);
            try {
                publish.accept(used);
            } catch (Throwable e) {
                pasids.detach(pasid);
                throw e;
            }
        } finally {
            setLock.unlock();
        }
    }

    /** DETACH_IOMMUFD_PT with a PASID; no effect when nothing is attached there. */
    public void detachPasid(int pasid) {
        requireGranted();
        var pasids = requirePasids("DETACH");
        var setLock = device().deviceSet().lock();
        setLock.lock();
        try {
            pasids.detach(pasid);
        } finally {
            setLock.unlock();
        }
    }

    /**
     * The driver's PASID steps.
     *
     * @throws VfioException EOPNOTSUPP when it has none
     */
    public IommufdOps.PasidOps requirePasids(String operation) {
        var pasids = iommufdOps().pasids();
        if (pasids == null) {
            throw new VfioException(
                    Errno.EOPNOTSUPP,
                    "§5.2 step 4",
                    operation + " refused: driver " + device().ops().driverName() + " has no PASID attachments");
        }
        return pasids;
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
                device().cdevContext(null);
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
