// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.iommu;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.memory.RunSink;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The backend instance behind one container. The core calls {@link #attachGroup}, {@link #detachGroup} and
 * {@link #release} one at a time and never while an ioctl, pin or copy of the same instance could meet a released instance;
 * everything else may run in parallel and the instance does its own locking. Typed operations hold the semantics;
 * {@link #ioctl} is their codec. Spec: type1 §2, spapr §2, core §3.
 */
public interface IommuBackend {
    /** CHECK_EXTENSION with this instance. */
    int checkExtension(int extension);

    /**
     * Adds a group.
     *
     * @throws org.vfio4j.uapi.VfioException the attach errno; the instance is as before then
     */
    void attachGroup(IommuGroup group, GroupKind kind);

    /** Removes a group. Cannot fail. */
    void detachGroup(IommuGroup group);

    /** The last group left or SET_IOMMU failed: undoes everything. Called once. */
    void release();

    /**
     * The backend's own device-control calls, raw.
     *
     * @throws org.vfio4j.uapi.VfioException ENOTTY for a number it does not know
     */
    long ioctl(Caller caller, int command, long argument);

    /**
     * MAP_DMA, typed.
     *
     * @param flags {@code VFIO_DMA_MAP_FLAG_*}
     */
    void mapDma(Caller caller, int flags, long vaddr, long iova, long size);

    /**
     * UNMAP_DMA, typed.
     *
     * @param flags {@code VFIO_DMA_UNMAP_FLAG_*}, no dirty bitmap
     * @return bytes removed; a backend that reports none returns the size asked for
     */
    long unmapDma(Caller caller, int flags, long iova, long size);

    /** What user programs ask before mapping. */
    DmaLimits limits();

    /**
     * Pins pages for a device that has no DMA of its own (kernel: {@code vfio_iommu_driver_ops.pin_pages}).
     *
     * @param pages how many
     * @param protection mask of {@link org.vfio4j.spi.memory.Protection}
     * @param sink gets the physical runs in order
     */
    default void pinPages(IommuGroup group, long iova, int pages, int protection, RunSink sink) {
        throw new VfioException(Errno.ENOTTY, "this IOMMU backend has no pin_pages");
    }

    /** Takes pins back; pages that are not pinned are ignored. */
    default void unpinPages(long iova, int pages) {}

    /**
     * Copies between a device without DMA of its own and user memory (kernel: {@code dma_rw}).
     *
     * @param write true to write user memory
     */
    default void dmaRw(long iova, MemorySegment buffer, boolean write) {
        throw new VfioException(Errno.ENOTTY, "this IOMMU backend has no dma_rw");
    }

    /**
     * A device that wants {@link DmaUnmapListener#dmaUnmap} calls was opened. This and {@link #unregisterDevice} have no
     * default, so that no backend has half of the pair; one without pins leaves both empty.
     */
    void registerDevice(DmaUnmapListener device);

    /** It was closed; returns when no callback of it is running. */
    void unregisterDevice(DmaUnmapListener device);

    /** The TCE operations, when this is a SPAPR instance. */
    default Optional<TceOperations> tce() {
        return Optional.empty();
    }
}
