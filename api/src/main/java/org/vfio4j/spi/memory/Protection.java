// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.memory;

/**
 * Access a device gets through a mapping, as seen by the device; a bit mask (kernel: {@code IOMMU_READ},
 * {@code IOMMU_WRITE}). The values equal {@code VFIO_DMA_MAP_FLAG_READ} and {@code VFIO_DMA_MAP_FLAG_WRITE}.
 */
public final class Protection {
    /** The device may read memory. */
    public static final int READ = 1;
    /** The device may write memory. */
    public static final int WRITE = 2;

    private Protection() {}
}
