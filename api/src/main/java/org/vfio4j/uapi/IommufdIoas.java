// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi;

/**
 * Values for the commands on I/O address spaces and for options.
 */
public final class IommufdIoas {
    // flags of IommuIoasMap and its siblings for files and copies.
    public static final int IOMMU_IOAS_MAP_FIXED_IOVA = 1 << 0;
    public static final int IOMMU_IOAS_MAP_WRITEABLE = 1 << 1;
    public static final int IOMMU_IOAS_MAP_READABLE = 1 << 2;

    // op of IommuOption.
    public static final int IOMMU_OPTION_OP_SET = 0;
    public static final int IOMMU_OPTION_OP_GET = 1;

    // option_id of IommuOption: how memory is accounted, whether pages larger than the CPU's are used.
    public static final int IOMMU_OPTION_RLIMIT_MODE = 0;
    public static final int IOMMU_OPTION_HUGE_PAGES = 1;

    // op of IommuVfioIoas.
    public static final int IOMMU_VFIO_IOAS_GET = 0;
    public static final int IOMMU_VFIO_IOAS_SET = 1;
    public static final int IOMMU_VFIO_IOAS_CLEAR = 2;

    private IommufdIoas() {}
}
