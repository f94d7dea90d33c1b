// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi;

/**
 * Regions of a device: flags, capabilities, and the types of device-specific regions.
 */
public final class VfioRegion {
    // flags of VfioRegionInfo.
    public static final int VFIO_REGION_INFO_FLAG_READ = 1 << 0;
    public static final int VFIO_REGION_INFO_FLAG_WRITE = 1 << 1;
    public static final int VFIO_REGION_INFO_FLAG_MMAP = 1 << 2;
    public static final int VFIO_REGION_INFO_FLAG_CAPS = 1 << 3;

    // Capability ids in the chain behind the info struct.
    public static final int VFIO_REGION_INFO_CAP_SPARSE_MMAP = 1;
    public static final int VFIO_REGION_INFO_CAP_TYPE = 2;
    public static final int VFIO_REGION_INFO_CAP_MSIX_MAPPABLE = 3;
    public static final int VFIO_REGION_INFO_CAP_NVLINK2_SSATGT = 4;
    public static final int VFIO_REGION_INFO_CAP_NVLINK2_LNKSPD = 5;

    // Types; with PCI_VENDOR_TYPE set, the low 16 bits are the vendor id and the subtype is that vendor's.
    public static final int VFIO_REGION_TYPE_PCI_VENDOR_TYPE = 1 << 31;
    public static final int VFIO_REGION_TYPE_PCI_VENDOR_MASK = 0xffff;
    public static final int VFIO_REGION_TYPE_GFX = 1;
    public static final int VFIO_REGION_TYPE_CCW = 2;
    public static final int VFIO_REGION_TYPE_MIGRATION_DEPRECATED = 3;

    // Subtypes of vendor 8086.
    public static final int VFIO_REGION_SUBTYPE_INTEL_IGD_OPREGION = 1;
    public static final int VFIO_REGION_SUBTYPE_INTEL_IGD_HOST_CFG = 2;
    public static final int VFIO_REGION_SUBTYPE_INTEL_IGD_LPC_CFG = 3;

    // Subtypes of vendors 10de and 1014; no driver offers them any more.
    public static final int VFIO_REGION_SUBTYPE_NVIDIA_NVLINK2_RAM = 1;
    public static final int VFIO_REGION_SUBTYPE_IBM_NVLINK2_ATSD = 1;

    /** Subtype of type GFX. */
    public static final int VFIO_REGION_SUBTYPE_GFX_EDID = 1;

    // link_state of VfioRegionGfxEdid.
    public static final int VFIO_DEVICE_GFX_LINK_STATE_UP = 1;
    public static final int VFIO_DEVICE_GFX_LINK_STATE_DOWN = 2;

    // Subtypes of type CCW.
    public static final int VFIO_REGION_SUBTYPE_CCW_ASYNC_CMD = 1;
    public static final int VFIO_REGION_SUBTYPE_CCW_SCHIB = 2;
    public static final int VFIO_REGION_SUBTYPE_CCW_CRW = 3;

    /** Subtype of the withdrawn first migration protocol. */
    public static final int VFIO_REGION_SUBTYPE_MIGRATION_DEPRECATED = 1;

    private VfioRegion() {}
}
