// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.iommu;

import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.IommuGroup;

/**
 * An iommufd context with its objects (kernel: {@code struct iommufd_ctx}). The object is its own identity as a DMA owner.
 * Thread-safe. Spec: iommufd §2, §5, §7, §8.
 */
public interface IommufdContext {
    /**
     * Adds a reference: the context outlives its file while anybody holds one.
     *
     * @throws org.vfio4j.uapi.VfioException EBADF when the last reference has gone meanwhile
     */
    void retain();

    /** Drops a reference; with the last all objects go, depth first. */
    void release();

    /**
     * Binds a physical device: claims its group's DMA for this context.
     *
     * @throws org.vfio4j.uapi.VfioException EINVAL, ENODEV, EPERM, EBUSY as in iommufd §7.1
     */
    IommufdDevice bind(BusDevice device);

    /** Makes an access object for a device without DMA of its own. */
    IommufdAccess createAccess(AccessClient client);

    /** Whether some bound device is a member of the group. */
    boolean hasGroup(IommuGroup group);

    /**
     * The IOAS that stands in for a container.
     *
     * @throws org.vfio4j.uapi.VfioException ENODEV when there is none
     */
    int compatIoas();

    /**
     * Makes sure there is a compat IOAS (SET_CONTAINER with this context).
     *
     * @throws org.vfio4j.uapi.VfioException EINVAL in no-IOMMU mode
     */
    void ensureCompatIoas();

    /** Whether a compat IOAS is designated. */
    boolean hasCompatIoas();

    /**
     * Latches no-IOMMU mode.
     *
     * @throws org.vfio4j.uapi.VfioException EINVAL when a compat IOAS exists
     */
    void setNoIommuMode();

    /** Whether no-IOMMU mode is latched. */
    boolean noIommuMode();

    /** IOAS_ALLOC, typed. */
    int allocateIoas();

    /**
     * IOAS_MAP, typed.
     *
     * @param flags {@code IOMMU_IOAS_MAP_*}
     * @return the address used
     */
    long map(Caller caller, int ioas, int flags, long vaddr, long length, long iova);

    /**
     * IOAS_UNMAP, typed.
     *
     * @return bytes removed
     */
    long unmap(int ioas, long iova, long length);

    /** IOAS_IOVA_RANGES, typed; page sizes are those of the attached hardware, all ones when none is. */
    DmaLimits limits(int ioas);

    /**
     * DESTROY, typed.
     *
     * @throws org.vfio4j.uapi.VfioException ENOENT, EBUSY
     */
    void destroy(int id);

    /** Whether every hardware page table of the compat IOAS enforces coherency (CHECK_EXTENSION DMA_CC). */
    boolean compatEnforcesCoherency();
}
