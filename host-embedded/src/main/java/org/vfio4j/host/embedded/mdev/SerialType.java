// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.mdev;

import org.vfio4j.spi.mdev.MdevType;
import org.vfio4j.uapi.VfioDeviceInfoFlags;

/** The types a serial parent offers. */
enum SerialType {
    /** One port. */
    SINGLE("1", "Single port serial", 1, false),
    /** Two ports. */
    DUAL("2", "Dual port serial", 2, false),
    /** One port and a DMA engine. */
    DMA("dma", "Serial port with DMA", 1, true);

    private final String sysfsName;
    private final String prettyName;
    private final int ports;
    private final boolean engine;

    SerialType(String sysfsName, String prettyName, int ports, boolean engine) {
        this.sysfsName = sysfsName;
        this.prettyName = prettyName;
        this.ports = ports;
        this.engine = engine;
    }

    /** What the parent shows. */
    MdevType type() {
        return new MdevType(sysfsName, prettyName, VfioDeviceInfoFlags.VFIO_DEVICE_API_PCI_STRING);
    }

    /** Ports one device takes. */
    int ports() {
        return ports;
    }

    /** Whether a device has a {@link SerialDma}. */
    boolean engine() {
        return engine;
    }
}
