// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

/** Offsets and bits of the standard configuration header, type 0. */
final class PciRegister {
    static final int VENDOR_ID = 0x00;
    static final int DEVICE_ID = 0x02;
    static final int COMMAND = 0x04;
    static final int STATUS = 0x06;
    static final int CACHE_LINE = 0x0c;
    static final int LATENCY = 0x0d;
    static final int HEADER_TYPE = 0x0e;
    static final int BIST = 0x0f;
    static final int BAR0 = 0x10;
    static final int CARDBUS_CIS = 0x28;
    static final int ROM_BAR = 0x30;
    static final int CAPABILITIES = 0x34;
    static final int INTERRUPT_LINE = 0x3c;
    static final int INTERRUPT_PIN = 0x3d;

    /** Bytes of the header. */
    static final int HEADER_LENGTH = 0x40;

    /** Bytes of configuration space without extended capabilities, and where those start. */
    static final int EXTENDED = 0x100;

    static final int COMMAND_IO = 0x1;
    static final int COMMAND_MEMORY = 0x2;
    static final int COMMAND_MASTER = 0x4;
    static final int COMMAND_INTX_DISABLE = 0x400;
    static final int STATUS_CAPABILITIES = 0x10;

    private PciRegister() {}
}
