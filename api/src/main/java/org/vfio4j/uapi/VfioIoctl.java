// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi;

/**
 * The {@code ioctl} numbers of containers, groups, devices and migration data files.
 *
 * <p>All are encoded without size and direction: {@code VFIO_TYPE << 8 | VFIO_BASE + n}, as on x86-64 and arm64 (powerpc
 * sets bit 29 as well). Numbers from {@code 0x3b70} on mean different things on different files: {@link FileKind} names
 * them.
 */
public final class VfioIoctl {
    /** The type byte of every number here, {@code ';'}. */
    public static final int VFIO_TYPE = 0x3b;

    /** The low byte counts from here. */
    public static final int VFIO_BASE = 100;

    // Containers, whatever their IOMMU type.
    /** No argument. */
    public static final int VFIO_GET_API_VERSION = 0x3b64;

    /** Argument: one of {@link VfioExtension}, by value. */
    public static final int VFIO_CHECK_EXTENSION = 0x3b65;

    /** Argument: an IOMMU type of {@link VfioExtension}, by value. */
    public static final int VFIO_SET_IOMMU = 0x3b66;

    // Groups.
    /** Argument: {@link org.vfio4j.uapi.struct.VfioGroupStatus}. */
    public static final int VFIO_GROUP_GET_STATUS = 0x3b67;

    /** Argument: address of the {@code __s32} descriptor of a container or an iommufd. */
    public static final int VFIO_GROUP_SET_CONTAINER = 0x3b68;

    /** No argument. */
    public static final int VFIO_GROUP_UNSET_CONTAINER = 0x3b69;

    /** Argument: address of the device name, with options, ended by a zero byte; answers the new descriptor. */
    public static final int VFIO_GROUP_GET_DEVICE_FD = 0x3b6a;

    // Devices.
    /** Argument: {@link org.vfio4j.uapi.struct.VfioDeviceInfo}. */
    public static final int VFIO_DEVICE_GET_INFO = 0x3b6b;

    /** Argument: {@link org.vfio4j.uapi.struct.VfioRegionInfo}. */
    public static final int VFIO_DEVICE_GET_REGION_INFO = 0x3b6c;

    /** Argument: {@link org.vfio4j.uapi.struct.VfioIrqInfo}. */
    public static final int VFIO_DEVICE_GET_IRQ_INFO = 0x3b6d;

    /** Argument: {@link org.vfio4j.uapi.struct.VfioIrqSet}. */
    public static final int VFIO_DEVICE_SET_IRQS = 0x3b6e;

    /** No argument. */
    public static final int VFIO_DEVICE_RESET = 0x3b6f;

    /** Argument: {@link org.vfio4j.uapi.struct.VfioPciHotResetInfo}. */
    public static final int VFIO_DEVICE_GET_PCI_HOT_RESET_INFO = 0x3b70;

    /** Argument: {@link org.vfio4j.uapi.struct.VfioPciHotReset}. */
    public static final int VFIO_DEVICE_PCI_HOT_RESET = 0x3b71;

    /** Argument: {@link org.vfio4j.uapi.struct.VfioDeviceGfxPlaneInfo}. */
    public static final int VFIO_DEVICE_QUERY_GFX_PLANE = 0x3b72;

    /** Argument: address of the {@code __u32} dmabuf_id; answers the new descriptor. */
    public static final int VFIO_DEVICE_GET_GFX_DMABUF = 0x3b73;

    /** Argument: {@link org.vfio4j.uapi.struct.VfioDeviceIoeventfd}. */
    public static final int VFIO_DEVICE_IOEVENTFD = 0x3b74;

    /** Argument: {@link org.vfio4j.uapi.struct.VfioDeviceFeature}. */
    public static final int VFIO_DEVICE_FEATURE = 0x3b75;

    // Devices opened through their own character device.
    /** Argument: {@link org.vfio4j.uapi.struct.VfioDeviceBindIommufd}. */
    public static final int VFIO_DEVICE_BIND_IOMMUFD = 0x3b76;

    /** Argument: {@link org.vfio4j.uapi.struct.VfioDeviceAttachIommufdPt}. */
    public static final int VFIO_DEVICE_ATTACH_IOMMUFD_PT = 0x3b77;

    /** Argument: {@link org.vfio4j.uapi.struct.VfioDeviceDetachIommufdPt}. */
    public static final int VFIO_DEVICE_DETACH_IOMMUFD_PT = 0x3b78;

    // Migration data files.
    /** Argument: {@link org.vfio4j.uapi.struct.VfioPrecopyInfo}. */
    public static final int VFIO_MIG_GET_PRECOPY_INFO = 0x3b79;

    // Containers of type1; MAP_DMA and UNMAP_DMA also those of POWER.
    /** Argument: {@link org.vfio4j.uapi.struct.VfioIommuType1Info}. */
    public static final int VFIO_IOMMU_GET_INFO = 0x3b70;

    /** Argument: {@link org.vfio4j.uapi.struct.VfioIommuType1DmaMap}. */
    public static final int VFIO_IOMMU_MAP_DMA = 0x3b71;

    /** Argument: {@link org.vfio4j.uapi.struct.VfioIommuType1DmaUnmap}. */
    public static final int VFIO_IOMMU_UNMAP_DMA = 0x3b72;

    /** Argument: {@link org.vfio4j.uapi.struct.VfioIommuType1DirtyBitmap}. */
    public static final int VFIO_IOMMU_DIRTY_PAGES = 0x3b75;

    // Containers of POWER.
    /** No argument. */
    public static final int VFIO_IOMMU_ENABLE = 0x3b73;

    /** No argument. */
    public static final int VFIO_IOMMU_DISABLE = 0x3b74;

    /** Argument: {@link org.vfio4j.uapi.struct.VfioIommuSpaprTceInfo}. */
    public static final int VFIO_IOMMU_SPAPR_TCE_GET_INFO = 0x3b70;

    /** Argument: {@link org.vfio4j.uapi.struct.VfioEehPeOp}. */
    public static final int VFIO_EEH_PE_OP = 0x3b79;

    /** Argument: {@link org.vfio4j.uapi.struct.VfioIommuSpaprRegisterMemory}. */
    public static final int VFIO_IOMMU_SPAPR_REGISTER_MEMORY = 0x3b75;

    /** Argument: {@link org.vfio4j.uapi.struct.VfioIommuSpaprRegisterMemory}. */
    public static final int VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY = 0x3b76;

    /** Argument: {@link org.vfio4j.uapi.struct.VfioIommuSpaprTceCreate}. */
    public static final int VFIO_IOMMU_SPAPR_TCE_CREATE = 0x3b77;

    /** Argument: {@link org.vfio4j.uapi.struct.VfioIommuSpaprTceRemove}. */
    public static final int VFIO_IOMMU_SPAPR_TCE_REMOVE = 0x3b78;

    private VfioIoctl() {}
}
