// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.host;

import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * An I/O address space with page tables (kernel: paging {@code iommu_domain}). Map and unmap of disjoint ranges may run in
 * parallel; the caller keeps overlapping ones apart. Spec: type1 §16, iommufd §15, DESIGN §5.
 */
public interface IommuDomain {
    /** Supported page sizes, one bit each; the smallest is at most the base page size. */
    long pageSizes();

    /** First usable address. */
    long apertureStart();

    /** Last usable address, inclusive. */
    long apertureEnd();

    /** Identity of the IOMMU driver: domains with the same identity can be shared by groups. */
    Object driverIdentity();

    /**
     * Asks that all DMA through this domain is coherent.
     *
     * @return whether it is now enforced
     */
    boolean enforceCacheCoherency();

    /**
     * Maps a contiguous range, with the largest pages that alignment and length allow. All or nothing.
     *
     * @param iova multiple of the smallest page
     * @param phys physical address, multiple of the smallest page
     * @param length multiple of the smallest page, not 0
     * @param protection mask of {@link org.vfio4j.spi.memory.Protection}
     * @throws org.vfio4j.uapi.VfioException EINVAL misaligned, ERANGE beyond the aperture, EADDRINUSE something is mapped
     *     there already, ENOMEM no memory for tables
     */
    void map(long iova, long phys, long length, int protection);

    /**
     * Says that an address is going to be mapped in a moment: a domain whose tables lie in memory may begin to fetch the entry,
     * which then arrives while the caller does something else. Changes nothing and cannot fail; does nothing by default. Not after
     * {@link #free}.
     *
     * @param iova any address
     */
    default void prefetch(long iova) {}

    /**
     * Removes translations and waits until no DMA uses them: once this returned, no access through an old translation is
     * running or can start. A large page hit by the first byte is removed whole. Cannot fail, does not allocate.
     *
     * @return bytes removed, from iova on; 0 when nothing starts there
     */
    long unmap(long iova, long length);

    /**
     * Translates.
     *
     * @return the physical address, 0 when not mapped
     */
    long iovaToPhys(long iova);

    /** Reports the mapped parts of a range as physically contiguous runs in address order, skipping holes. */
    void forEachRun(long iova, long length, MappedRunSink sink);

    /**
     * Switches recording of device writes. Enabling clears all records.
     *
     * @throws org.vfio4j.uapi.VfioException EOPNOTSUPP when the domain was not made with dirty tracking
     */
    void setDirtyTracking(boolean enabled);

    /**
     * Reports pages that devices wrote since the last clear.
     *
     * @param clear whether the records are cleared, with the IOTLB flushed
     */
    void readDirty(long iova, long length, boolean clear, DirtySink sink);

    /**
     * Sets a window aside in which the host will map interrupt doorbells of the attached devices (kernel:
     * {@code iommu_get_msi_cookie}). Asked once per domain, for hardware whose interrupts go through the translation.
     * Spec: type1 §8 A12.
     *
     * @param base first address of the window
     * @throws org.vfio4j.uapi.VfioException ENODEV when the domain needs no window, as by default; EBUSY when it has one
     */
    default void reserveMsiWindow(long base) {
        throw new VfioException(Errno.ENODEV, "this domain translates no interrupt messages");
    }

    /** Frees the tables. Nothing may be attached. */
    void free();

    /** Receives runs of {@link IommuDomain#forEachRun}. */
    @FunctionalInterface
    interface MappedRunSink {
        /** One run: {@code length} bytes at {@code iova} are at {@code phys}. */
        void run(long iova, long phys, long length);
    }

    /** Receives dirty ranges in address order. */
    @FunctionalInterface
    interface DirtySink {
        /** A range of whole IOMMU pages that was written. */
        void dirty(long iova, long length);
    }
}
