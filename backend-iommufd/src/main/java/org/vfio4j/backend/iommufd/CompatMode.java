// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import org.jspecify.annotations.Nullable;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * How a context stands in for a container: by one designated IOAS, or in no-IOMMU mode for the rest of its life, never
 * both. No reference is held on the IOAS; destroying it ends the designation. The state is kept under the id lock, see
 * {@link ObjectTable}. Spec: iommufd §5.9, §8, §9 C0, C9.
 */
final class CompatMode {
    private final Context context;
    private final ObjectTable objects;

    CompatMode(Context context, ObjectTable objects) {
        this.context = context;
        this.objects = objects;
    }

    /**
     * The designated IOAS, with a use of it begun, to be ended with {@link IommufdObject#put}.
     *
     * @throws VfioException ENODEV
     */
    Ioas get() {
        Ioas ioas = find();
        if (ioas == null) {
            throw new VfioException(Errno.ENODEV, "the iommufd has no IOAS that stands in for a container");
        }
        return ioas;
    }

    boolean hasIoas() {
        Ioas ioas = find();
        if (ioas == null) {
            return false;
        }
        ioas.put();
        return true;
    }

    /** VFIO_IOAS GET. */
    int ioasId() {
        Ioas ioas = get();
        try {
            return ioas.id();
        } finally {
            ioas.put();
        }
    }

    /** VFIO_IOAS SET. */
    void designate(int id) {
        Ioas ioas = objects.get(id, Ioas.class);
        try {
            objects.standIn(ioas);
        } finally {
            ioas.put();
        }
    }

    /** VFIO_IOAS CLEAR. */
    void clear() {
        objects.standIn(null);
    }

    /** SET_CONTAINER with a group behind an IOMMU. */
    void ensureIoas() {
        context.creationLock().readLock().lock();
        try {
            objects.ensureStandIn(new Ioas(context));
        } finally {
            context.creationLock().readLock().unlock();
        }
    }

    /** SET_CONTAINER with a no-IOMMU group. */
    void setNoIommuMode() {
        objects.latchNoIommuMode();
    }

    boolean noIommuMode() {
        return objects.noIommuMode();
    }

    /** Whether every hardware page table of the IOAS enforces coherency. */
    boolean enforcesCoherency() {
        Ioas ioas = get();
        try {
            for (HwPageTable table : ioas.engine().tables()) {
                if (!table.enforcesCoherency()) {
                    return false;
                }
            }
            return true;
        } finally {
            ioas.put();
        }
    }

    private @Nullable Ioas find() {
        IommufdObject ioas = objects.standIn();
        return ioas != null && ioas.tryGet() ? (Ioas) ioas : null;
    }
}
