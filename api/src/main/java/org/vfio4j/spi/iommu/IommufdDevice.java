// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.iommu;

import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** A physical device bound to an iommufd (kernel: {@code struct iommufd_device}). Calls come under the dev_set lock. */
public interface IommufdDevice {
    /** Object id, greater than 0. */
    int id();

    /** The context it is bound to. */
    IommufdContext context();

    /**
     * Attaches, or replaces the attachment without a gap.
     *
     * @param ptId an IOAS or a hardware page table
     * @return id of the hardware page table used
     * @throws VfioException ENOENT, EINVAL, EADDRINUSE, EFAULT, ENOMEM; the old attachment stays
     */
    int attach(int ptId);

    /** Detaches; no effect when nothing is attached. DMA is blocked afterwards. */
    void detach();

    /** Whether something is attached. */
    boolean attached();

    /**
     * Attaches one process address space of the device, or replaces its attachment. Refused where there is no hardware for
     * that.
     *
     * @param pasid greater than 0
     * @param ptId a hardware page table made for PASIDs
     * @return id of the hardware page table used
     * @throws VfioException ENOENT, ENOSPC, EINVAL; the old attachment stays
     */
    default int attachPasid(int pasid, int ptId) {
        throw new VfioException(
                Errno.EINVAL,
                "ATTACH refused: no IOMMU here translates by PASID (" + Integer.toUnsignedString(pasid) + ")");
    }

    /** Detaches one process address space; no effect when nothing is attached there. */
    default void detachPasid(int pasid) {}

    /** Detaches if needed and gives up ownership; the object is gone. */
    void unbind();
}
