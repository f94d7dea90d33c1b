// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi;

/**
 * Values in the answer to {@link VfioIoctl#VFIO_DEVICE_GET_INFO}, and the names of the device kinds.
 */
public final class VfioDeviceInfoFlags {
    // flags of VfioDeviceInfo: RESET and CAPS are abilities, the others are the kind of device.
    public static final int VFIO_DEVICE_FLAGS_RESET = 1 << 0;
    public static final int VFIO_DEVICE_FLAGS_PCI = 1 << 1;
    public static final int VFIO_DEVICE_FLAGS_PLATFORM = 1 << 2;
    public static final int VFIO_DEVICE_FLAGS_AMBA = 1 << 3;
    public static final int VFIO_DEVICE_FLAGS_CCW = 1 << 4;
    public static final int VFIO_DEVICE_FLAGS_AP = 1 << 5;
    public static final int VFIO_DEVICE_FLAGS_FSL_MC = 1 << 6;
    public static final int VFIO_DEVICE_FLAGS_CAPS = 1 << 7;
    public static final int VFIO_DEVICE_FLAGS_CDX = 1 << 8;

    // Capability ids in the chain behind the info struct.
    public static final int VFIO_DEVICE_INFO_CAP_ZPCI_BASE = 1;
    public static final int VFIO_DEVICE_INFO_CAP_ZPCI_GROUP = 2;
    public static final int VFIO_DEVICE_INFO_CAP_ZPCI_UTIL = 3;
    public static final int VFIO_DEVICE_INFO_CAP_ZPCI_PFIP = 4;
    public static final int VFIO_DEVICE_INFO_CAP_PCI_ATOMIC_COMP = 5;

    // flags of VfioDeviceInfoCapPciAtomicComp: widths in bits.
    public static final int VFIO_PCI_ATOMIC_COMP32 = 1 << 0;
    public static final int VFIO_PCI_ATOMIC_COMP64 = 1 << 1;
    public static final int VFIO_PCI_ATOMIC_COMP128 = 1 << 2;

    // What a mediated device type says of the kind of its devices.
    public static final String VFIO_DEVICE_API_PCI_STRING = "vfio-pci";
    public static final String VFIO_DEVICE_API_PLATFORM_STRING = "vfio-platform";
    public static final String VFIO_DEVICE_API_AMBA_STRING = "vfio-amba";
    public static final String VFIO_DEVICE_API_CCW_STRING = "vfio-ccw";
    public static final String VFIO_DEVICE_API_AP_STRING = "vfio-ap";

    private VfioDeviceInfoFlags() {}
}
