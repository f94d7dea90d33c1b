// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi;

/**
 * Values for the commands of a type1 container. MAP_DMA and UNMAP_DMA serve POWER containers too, with fewer flags.
 */
public final class VfioType1 {
    // flags of VfioIommuType1Info.
    public static final int VFIO_IOMMU_INFO_PGSIZES = 1 << 0;
    public static final int VFIO_IOMMU_INFO_CAPS = 1 << 1;

    // Capability ids in the chain behind the info struct.
    public static final int VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE = 1;
    public static final int VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION = 2;
    public static final int VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL = 3;

    // flags of VfioIommuType1DmaMap: what the device may do, or VADDR to give an existing mapping a new address.
    public static final int VFIO_DMA_MAP_FLAG_READ = 1 << 0;
    public static final int VFIO_DMA_MAP_FLAG_WRITE = 1 << 1;
    public static final int VFIO_DMA_MAP_FLAG_VADDR = 1 << 2;

    // flags of VfioIommuType1DmaUnmap.
    public static final int VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP = 1 << 0;
    public static final int VFIO_DMA_UNMAP_FLAG_ALL = 1 << 1;
    public static final int VFIO_DMA_UNMAP_FLAG_VADDR = 1 << 2;

    // flags of VfioIommuType1DirtyBitmap.
    public static final int VFIO_IOMMU_DIRTY_PAGES_FLAG_START = 1 << 0;
    public static final int VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP = 1 << 1;
    public static final int VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP = 1 << 2;

    private VfioType1() {}
}
