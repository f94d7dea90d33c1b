// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi;

/**
 * Values for the commands on hardware page tables.
 */
public final class IommufdHwpt {
    // flags of IommuHwptAlloc.
    public static final int IOMMU_HWPT_ALLOC_NEST_PARENT = 1 << 0;
    public static final int IOMMU_HWPT_ALLOC_DIRTY_TRACKING = 1 << 1;
    public static final int IOMMU_HWPT_ALLOC_PASID = 1 << 3;
    public static final int IOMMU_HWPT_FAULT_ID_VALID = 1 << 2;

    // data_type of IommuHwptAlloc.
    public static final int IOMMU_HWPT_DATA_NONE = 0;
    public static final int IOMMU_HWPT_DATA_VTD_S1 = 1;
    public static final int IOMMU_HWPT_DATA_ARM_SMMUV3 = 2;
    public static final int IOMMU_HWPT_DATA_AMD_GUEST = 3;

    // flags of IommuHwptVtdS1.
    public static final int IOMMU_VTD_S1_SRE = 1 << 0;
    public static final int IOMMU_VTD_S1_EAFE = 1 << 1;
    public static final int IOMMU_VTD_S1_WPE = 1 << 2;

    /** {@code flags} of {@link org.vfio4j.uapi.struct.IommuHwptSetDirtyTracking}: on if set, off if not. */
    public static final int IOMMU_HWPT_DIRTY_TRACKING_ENABLE = 1 << 0;

    /** {@code flags} of {@link org.vfio4j.uapi.struct.IommuHwptGetDirtyBitmap}: leave the bits set. */
    public static final int IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR = 1 << 0;

    // data_type of IommuHwptInvalidate.
    public static final int IOMMU_HWPT_INVALIDATE_DATA_VTD_S1 = 0;
    public static final int IOMMU_VIOMMU_INVALIDATE_DATA_ARM_SMMUV3 = 1;

    /** {@code flags} of {@link org.vfio4j.uapi.struct.IommuHwptVtdS1Invalidate}: leaf entries only. */
    public static final int IOMMU_VTD_INV_FLAGS_LEAF = 1 << 0;

    private IommufdHwpt() {}
}
