// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.iommu;

/** Told when a user unmaps memory that may be pinned (kernel: {@code vfio_device_ops.dma_unmap}). */
@FunctionalInterface
public interface DmaUnmapListener {
    /**
     * Unpins everything in the range before returning; may call unpin. No core or backend lock is held that unpinning
     * needs.
     *
     * @param iova first byte
     * @param length bytes; {@code -1} (all ones) together with iova 0 means everything
     */
    void dmaUnmap(long iova, long length);
}
