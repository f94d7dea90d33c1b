// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.host;

/** What an IOMMU can do for one device (kernel: {@code enum iommu_cap}). */
public enum IommuCapability {
    /** DMA is coherent with CPU caches; VFIO requires it. */
    CACHE_COHERENCY,
    /** The IOMMU can block accesses that bypass caches. */
    ENFORCE_CACHE_COHERENCY,
    /** The IOMMU records which pages devices wrote. */
    DIRTY_TRACKING
}
