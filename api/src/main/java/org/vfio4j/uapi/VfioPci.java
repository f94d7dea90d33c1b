// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi;

/**
 * Region and interrupt indexes of a PCI function, and values of its bus reset.
 */
public final class VfioPci {
    // Region indexes.
    public static final int VFIO_PCI_BAR0_REGION_INDEX = 0;
    public static final int VFIO_PCI_BAR1_REGION_INDEX = 1;
    public static final int VFIO_PCI_BAR2_REGION_INDEX = 2;
    public static final int VFIO_PCI_BAR3_REGION_INDEX = 3;
    public static final int VFIO_PCI_BAR4_REGION_INDEX = 4;
    public static final int VFIO_PCI_BAR5_REGION_INDEX = 5;
    public static final int VFIO_PCI_ROM_REGION_INDEX = 6;
    public static final int VFIO_PCI_CONFIG_REGION_INDEX = 7;
    public static final int VFIO_PCI_VGA_REGION_INDEX = 8;

    /** How many there are; regions a driver adds come after them. */
    public static final int VFIO_PCI_NUM_REGIONS = 9;

    // Interrupt indexes.
    public static final int VFIO_PCI_INTX_IRQ_INDEX = 0;
    public static final int VFIO_PCI_MSI_IRQ_INDEX = 1;
    public static final int VFIO_PCI_MSIX_IRQ_INDEX = 2;
    public static final int VFIO_PCI_ERR_IRQ_INDEX = 3;
    public static final int VFIO_PCI_REQ_IRQ_INDEX = 4;

    /** How many there are. */
    public static final int VFIO_PCI_NUM_IRQS = 5;

    // flags of VfioPciHotResetInfo.
    public static final int VFIO_PCI_HOT_RESET_FLAG_DEV_ID = 1 << 0;
    public static final int VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED = 1 << 1;

    // devid of VfioPciDependentDevice for a function without an object in the caller's iommufd: owned by the caller
    // all the same, or not owned.
    public static final int VFIO_PCI_DEVID_OWNED = 0;
    public static final int VFIO_PCI_DEVID_NOT_OWNED = -1;

    private VfioPci() {}
}
