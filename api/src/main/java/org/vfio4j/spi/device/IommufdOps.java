// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.device;

import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.iommu.IommufdContext;

/**
 * A device's iommufd steps (kernel: {@code bind_iommufd} and its siblings in {@code vfio_device_ops}). Called under the
 * dev_set lock. {@link VfioDevice} offers the two standard ones. Spec: core §9.2, DR-8.
 */
public interface IommufdOps {
    /**
     * Binds to a context.
     *
     * @return id of the object made in the context, greater than 0
     */
    int bind(IommufdContext context);

    /** Undoes attachments still present, then the bind. */
    void unbind();

    /**
     * Attaches or replaces.
     *
     * @param ptId id of an IOAS or hardware page table
     * @return the id to report
     */
    int attach(int ptId);

    /** Detaches; no effect when not attached. */
    void detach();

    /** The PASID steps; null when the driver has none. */
    default @Nullable PasidOps pasids() {
        return null;
    }

    /** Attachments of single process address spaces (kernel: {@code pasid_attach_ioas}, {@code pasid_detach_ioas}). */
    interface PasidOps {
        /**
         * Attaches or replaces.
         *
         * @param pasid greater than 0
         * @param ptId id of a hardware page table made for PASIDs
         * @return the id to report
         */
        int attach(int pasid, int ptId);

        /** Detaches; no effect when not attached. */
        void detach(int pasid);
    }
}
