// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi;

/**
 * Values in the answer to {@link IommufdIoctl#IOMMU_GET_HW_INFO}.
 */
public final class IommufdHwInfo {
    /** {@code flags} of {@link org.vfio4j.uapi.struct.IommuHwInfo}: the caller asks for one type. */
    public static final int IOMMU_HW_INFO_FLAG_INPUT_TYPE = 1 << 0;

    // The type of the data.
    public static final int IOMMU_HW_INFO_TYPE_NONE = 0;
    public static final int IOMMU_HW_INFO_TYPE_DEFAULT = 0;
    public static final int IOMMU_HW_INFO_TYPE_INTEL_VTD = 1;
    public static final int IOMMU_HW_INFO_TYPE_ARM_SMMUV3 = 2;
    public static final int IOMMU_HW_INFO_TYPE_TEGRA241_CMDQV = 3;
    public static final int IOMMU_HW_INFO_TYPE_AMD = 4;

    // out_capabilities.
    public static final int IOMMU_HW_CAP_DIRTY_TRACKING = 1 << 0;
    public static final int IOMMU_HW_CAP_PCI_PASID_EXEC = 1 << 1;
    public static final int IOMMU_HW_CAP_PCI_PASID_PRIV = 1 << 2;
    public static final int IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED = 1 << 3;

    /** {@code flags} of {@link org.vfio4j.uapi.struct.IommuHwInfoVtd}. */
    public static final int IOMMU_HW_INFO_VTD_ERRATA_772415_SPR17 = 1 << 0;

    private IommufdHwInfo() {}
}
