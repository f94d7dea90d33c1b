// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi;

/**
 * What a container can be asked for: numbers for {@link VfioIoctl#VFIO_CHECK_EXTENSION} and, where they name an IOMMU
 * type, for {@link VfioIoctl#VFIO_SET_IOMMU}.
 */
public final class VfioExtension {
    /** The answer to {@link VfioIoctl#VFIO_GET_API_VERSION}. */
    public static final int VFIO_API_VERSION = 0;

    // IOMMU types, to be chosen with SET_IOMMU.
    public static final int VFIO_TYPE1_IOMMU = 1;
    public static final int VFIO_TYPE1v2_IOMMU = 3;
    public static final int VFIO_SPAPR_TCE_IOMMU = 2;
    public static final int VFIO_SPAPR_TCE_v2_IOMMU = 7;
    public static final int VFIO_NOIOMMU_IOMMU = 8;

    // Abilities, only to be asked about.
    public static final int VFIO_DMA_CC_IOMMU = 4;
    public static final int VFIO_EEH = 5;
    public static final int VFIO_UNMAP_ALL = 9;
    public static final int VFIO_UPDATE_VADDR = 10;

    /** Type 6 was nesting on type1; the number stays taken. */
    public static final int __VFIO_RESERVED_TYPE1_NESTING_IOMMU = 6;

    private VfioExtension() {}
}
