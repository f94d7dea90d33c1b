// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi;

/**
 * Values for virtual IOMMUs, their event queues and hardware queues.
 */
public final class IommufdViommu {
    // type of IommuViommuAlloc.
    public static final int IOMMU_VIOMMU_TYPE_DEFAULT = 0;
    public static final int IOMMU_VIOMMU_TYPE_ARM_SMMUV3 = 1;
    public static final int IOMMU_VIOMMU_TYPE_TEGRA241_CMDQV = 2;

    // type of IommuVeventqAlloc.
    public static final int IOMMU_VEVENTQ_TYPE_DEFAULT = 0;
    public static final int IOMMU_VEVENTQ_TYPE_ARM_SMMUV3 = 1;
    public static final int IOMMU_VEVENTQ_TYPE_TEGRA241_CMDQV = 2;

    /** {@code flags} of {@link org.vfio4j.uapi.struct.IommufdVeventHeader}: events were lost for want of room. */
    public static final int IOMMU_VEVENTQ_FLAG_LOST_EVENTS = 1 << 0;

    // type of IommuHwQueueAlloc.
    public static final int IOMMU_HW_QUEUE_TYPE_DEFAULT = 0;
    public static final int IOMMU_HW_QUEUE_TYPE_TEGRA241_CMDQV = 1;

    private IommufdViommu() {}
}
