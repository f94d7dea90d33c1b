// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import org.vfio4j.spi.host.IommuCapability;
import org.vfio4j.spi.host.IommuDomain;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * HWPT_PAGING object: a hardware page table that holds the translations of one IOAS (kernel: {@code struct
 * iommufd_hwpt_paging}). Made automatically by an attach to an IOAS, or by HWPT_ALLOC. Holds a user on its IOAS; every
 * attached device holds one on it. Spec: iommufd §5.10, §7.5, §7.9.
 */
final class HwPageTable extends IommufdObject {
    private final Ioas ioas;
    private final IommuDomain domain;
    private final boolean automatic;
    private final boolean dirtyTracking;
    private final boolean enforcesCoherency;

    private HwPageTable(
            Ioas ioas, IommuDomain domain, boolean automatic, boolean dirtyTracking, boolean enforcesCoherency) {
        this.ioas = ioas;
        this.domain = domain;
        this.automatic = automatic;
        this.dirtyTracking = dirtyTracking;
        this.enforcesCoherency = enforcesCoherency;
    }

    /**
     * Makes one for a device, empty and not yet part of its IOAS, with an id reserved.
     *
     * @throws VfioException what the hardware says, EBUSY without a free id
     */
    static HwPageTable create(
            Context context, Ioas ioas, BoundDevice device, boolean automatic, boolean dirtyTracking) {
        IommuGroup group = device.group();
        IommuDomain domain = group.allocateDomain(dirtyTracking);
        try {
            boolean enforces = device.busDevice().capable(IommuCapability.ENFORCE_CACHE_COHERENCY)
                    && domain.enforceCacheCoherency();
            var table = new HwPageTable(ioas, domain, automatic, dirtyTracking, enforces);
            context.objects().reserve(table);
            ioas.addUser();
            return table;
        } catch (RuntimeException refused) {
            domain.free();
            throw refused;
        }
    }

    /**
     * Fills it from its IOAS and makes it one of the IOAS's. Under the IOAS mutex. On failure it is as before.
     *
     * @throws VfioException EINVAL, EADDRINUSE, EFAULT, ENOMEM
     */
    void join() {
        ioas.engine().addTable(this);
        ioas.hwpts.add(this);
    }

    /** Undoes {@link #join} and {@link #create} of an object that was not published. */
    void abandon(Context context) {
        context.objects().cancel(this);
        free();
    }

    @Override
    String kind() {
        return "hardware page table";
    }

    @Override
    void free() {
        ioas.hwptLock.lock();
        try {
            if (ioas.hwpts.remove(this)) {
                ioas.engine().removeTable(this);
            }
        } finally {
            ioas.hwptLock.unlock();
        }
        domain.free();
        ioas.dropUsers(1);
    }

    Ioas ioas() {
        return ioas;
    }

    IommuDomain domain() {
        return domain;
    }

    /** Whether an attach to the IOAS made it: then others may share it and it goes with its last attachment. */
    boolean automatic() {
        return automatic;
    }

    boolean enforcesCoherency() {
        return enforcesCoherency;
    }

    /** @throws VfioException EOPNOTSUPP when it was made without dirty tracking */
    void requireDirtyTracking() {
        if (!dirtyTracking) {
            throw new VfioException(
                    Errno.EOPNOTSUPP, "hardware page table " + id() + " was allocated without dirty tracking");
        }
    }
}
