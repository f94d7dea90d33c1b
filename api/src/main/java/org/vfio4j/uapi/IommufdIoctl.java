// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi;

/**
 * The {@code ioctl} numbers of an iommufd: {@code IOMMUFD_TYPE << 8 | IOMMUFD_CMD_*}, as on x86-64 and arm64 (powerpc sets
 * bit 29 as well).
 *
 * <p>An iommufd also answers the container commands of {@link VfioIoctl}, so that it can stand in for a type1 container.
 */
public final class IommufdIoctl {
    /** The type byte of every number here, {@code ';'}. */
    public static final int IOMMUFD_TYPE = 0x3b;

    // The low byte of each number.
    public static final int IOMMUFD_CMD_BASE = 0x80;
    public static final int IOMMUFD_CMD_DESTROY = 0x80;
    public static final int IOMMUFD_CMD_IOAS_ALLOC = 0x81;
    public static final int IOMMUFD_CMD_IOAS_ALLOW_IOVAS = 0x82;
    public static final int IOMMUFD_CMD_IOAS_COPY = 0x83;
    public static final int IOMMUFD_CMD_IOAS_IOVA_RANGES = 0x84;
    public static final int IOMMUFD_CMD_IOAS_MAP = 0x85;
    public static final int IOMMUFD_CMD_IOAS_UNMAP = 0x86;
    public static final int IOMMUFD_CMD_OPTION = 0x87;
    public static final int IOMMUFD_CMD_VFIO_IOAS = 0x88;
    public static final int IOMMUFD_CMD_HWPT_ALLOC = 0x89;
    public static final int IOMMUFD_CMD_GET_HW_INFO = 0x8a;
    public static final int IOMMUFD_CMD_HWPT_SET_DIRTY_TRACKING = 0x8b;
    public static final int IOMMUFD_CMD_HWPT_GET_DIRTY_BITMAP = 0x8c;
    public static final int IOMMUFD_CMD_HWPT_INVALIDATE = 0x8d;
    public static final int IOMMUFD_CMD_FAULT_QUEUE_ALLOC = 0x8e;
    public static final int IOMMUFD_CMD_IOAS_MAP_FILE = 0x8f;
    public static final int IOMMUFD_CMD_VIOMMU_ALLOC = 0x90;
    public static final int IOMMUFD_CMD_VDEVICE_ALLOC = 0x91;
    public static final int IOMMUFD_CMD_IOAS_CHANGE_PROCESS = 0x92;
    public static final int IOMMUFD_CMD_VEVENTQ_ALLOC = 0x93;
    public static final int IOMMUFD_CMD_HW_QUEUE_ALLOC = 0x94;

    // Commands.
    /** Argument: {@link org.vfio4j.uapi.struct.IommuDestroy}. */
    public static final int IOMMU_DESTROY = 0x3b80;

    /** Argument: {@link org.vfio4j.uapi.struct.IommuIoasAlloc}. */
    public static final int IOMMU_IOAS_ALLOC = 0x3b81;

    /** Argument: {@link org.vfio4j.uapi.struct.IommuIoasAllowIovas}. */
    public static final int IOMMU_IOAS_ALLOW_IOVAS = 0x3b82;

    /** Argument: {@link org.vfio4j.uapi.struct.IommuIoasCopy}. */
    public static final int IOMMU_IOAS_COPY = 0x3b83;

    /** Argument: {@link org.vfio4j.uapi.struct.IommuIoasIovaRanges}. */
    public static final int IOMMU_IOAS_IOVA_RANGES = 0x3b84;

    /** Argument: {@link org.vfio4j.uapi.struct.IommuIoasMap}. */
    public static final int IOMMU_IOAS_MAP = 0x3b85;

    /** Argument: {@link org.vfio4j.uapi.struct.IommuIoasUnmap}. */
    public static final int IOMMU_IOAS_UNMAP = 0x3b86;

    /** Argument: {@link org.vfio4j.uapi.struct.IommuOption}. */
    public static final int IOMMU_OPTION = 0x3b87;

    /** Argument: {@link org.vfio4j.uapi.struct.IommuVfioIoas}. */
    public static final int IOMMU_VFIO_IOAS = 0x3b88;

    /** Argument: {@link org.vfio4j.uapi.struct.IommuHwptAlloc}. */
    public static final int IOMMU_HWPT_ALLOC = 0x3b89;

    /** Argument: {@link org.vfio4j.uapi.struct.IommuHwInfo}. */
    public static final int IOMMU_GET_HW_INFO = 0x3b8a;

    /** Argument: {@link org.vfio4j.uapi.struct.IommuHwptSetDirtyTracking}. */
    public static final int IOMMU_HWPT_SET_DIRTY_TRACKING = 0x3b8b;

    /** Argument: {@link org.vfio4j.uapi.struct.IommuHwptGetDirtyBitmap}. */
    public static final int IOMMU_HWPT_GET_DIRTY_BITMAP = 0x3b8c;

    /** Argument: {@link org.vfio4j.uapi.struct.IommuHwptInvalidate}. */
    public static final int IOMMU_HWPT_INVALIDATE = 0x3b8d;

    /** Argument: {@link org.vfio4j.uapi.struct.IommuFaultAlloc}. */
    public static final int IOMMU_FAULT_QUEUE_ALLOC = 0x3b8e;

    /** Argument: {@link org.vfio4j.uapi.struct.IommuIoasMapFile}. */
    public static final int IOMMU_IOAS_MAP_FILE = 0x3b8f;

    /** Argument: {@link org.vfio4j.uapi.struct.IommuViommuAlloc}. */
    public static final int IOMMU_VIOMMU_ALLOC = 0x3b90;

    /** Argument: {@link org.vfio4j.uapi.struct.IommuVdeviceAlloc}. */
    public static final int IOMMU_VDEVICE_ALLOC = 0x3b91;

    /** Argument: {@link org.vfio4j.uapi.struct.IommuIoasChangeProcess}. */
    public static final int IOMMU_IOAS_CHANGE_PROCESS = 0x3b92;

    /** Argument: {@link org.vfio4j.uapi.struct.IommuVeventqAlloc}. */
    public static final int IOMMU_VEVENTQ_ALLOC = 0x3b93;

    /** Argument: {@link org.vfio4j.uapi.struct.IommuHwQueueAlloc}. */
    public static final int IOMMU_HW_QUEUE_ALLOC = 0x3b94;

    private IommufdIoctl() {}
}
