// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi;

/**
 * Values in page faults and in the answers to them.
 */
public final class IommufdFault {
    // flags of IommuHwptPgfault.
    public static final int IOMMU_PGFAULT_FLAGS_PASID_VALID = 1 << 0;
    public static final int IOMMU_PGFAULT_FLAGS_LAST_PAGE = 1 << 1;

    // perm of IommuHwptPgfault: the access that failed.
    public static final int IOMMU_PGFAULT_PERM_READ = 1 << 0;
    public static final int IOMMU_PGFAULT_PERM_WRITE = 1 << 1;
    public static final int IOMMU_PGFAULT_PERM_EXEC = 1 << 2;
    public static final int IOMMU_PGFAULT_PERM_PRIV = 1 << 3;

    // code of IommuHwptPageResponse.
    public static final int IOMMUFD_PAGE_RESP_SUCCESS = 0;
    public static final int IOMMUFD_PAGE_RESP_INVALID = 1;

    private IommufdFault() {}
}
