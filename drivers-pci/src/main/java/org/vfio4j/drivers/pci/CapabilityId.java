// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

/** Numbers of the capabilities this driver treats by name (kernel: {@code PCI_CAP_ID_*}, {@code PCI_EXT_CAP_ID_*}). */
final class CapabilityId {
    static final int POWER = 0x01;
    static final int AGP = 0x02;
    static final int VPD = 0x03;
    static final int MSI = 0x05;
    static final int PCI_X = 0x07;
    static final int HYPERTRANSPORT = 0x08;
    static final int VENDOR = 0x09;
    static final int EXPRESS = 0x10;
    static final int MSI_X = 0x11;
    static final int SATA = 0x12;
    static final int ADVANCED_FEATURES = 0x13;

    static final int EXT_ERROR_REPORTING = 0x01;
    static final int EXT_VIRTUAL_CHANNEL = 0x02;
    static final int EXT_SERIAL_NUMBER = 0x03;
    static final int EXT_POWER_BUDGET = 0x04;
    static final int EXT_MULTI_FUNCTION_VC = 0x08;
    static final int EXT_VIRTUAL_CHANNEL_MFVC = 0x09;
    static final int EXT_VENDOR = 0x0b;
    static final int EXT_ACCESS_CONTROL = 0x0d;
    static final int EXT_ROUTING_ID = 0x0e;
    static final int EXT_TRANSLATION = 0x0f;
    static final int EXT_SR_IOV = 0x10;
    static final int EXT_MULTICAST = 0x12;
    static final int EXT_PAGE_REQUEST = 0x13;
    static final int EXT_RESIZABLE_BAR = 0x15;
    static final int EXT_POWER_ALLOCATION = 0x16;
    static final int EXT_PROCESSING_HINTS = 0x17;
    static final int EXT_LATENCY = 0x18;
    static final int EXT_DESIGNATED_VENDOR = 0x23;

    private CapabilityId() {}
}
