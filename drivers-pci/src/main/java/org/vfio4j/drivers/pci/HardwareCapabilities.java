// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import org.vfio4j.spi.pci.PciFunction;

/** Finds capabilities in the hardware's own lists (kernel: {@code pci_find_capability}). */
final class HardwareCapabilities {
    private static final int MOST_STANDARD = 48;

    private HardwareCapabilities() {}

    /** Offset of the first standard capability with an id, 0 when there is none. */
    static int find(PciFunction function, int id) {
        if ((function.readConfig(PciRegister.STATUS, 2) & PciRegister.STATUS_CAPABILITIES) == 0) {
            return 0;
        }
        int at = function.readConfig(PciRegister.CAPABILITIES, 1) & 0xfc;
        for (int left = MOST_STANDARD; at >= PciRegister.HEADER_LENGTH && left > 0; left--) {
            if (function.readConfig(at, 1) == id) {
                return at;
            }
            at = function.readConfig(at + 1, 1) & 0xfc;
        }
        return 0;
    }

    /** Offset of the first extended capability with an id, 0 when there is none. */
    static int findExtended(PciFunction function, int id) {
        int at = function.configSize() > PciRegister.EXTENDED ? PciRegister.EXTENDED : 0;
        for (int left = (function.configSize() - PciRegister.EXTENDED) / 8;
                at >= PciRegister.EXTENDED && left > 0;
                left--) {
            int header = function.readConfig(at, 4);
            if (header == 0 || header == -1) {
                return 0;
            }
            if ((header & 0xffff) == id) {
                return at;
            }
            at = header >>> 20 & 0xffc;
        }
        return 0;
    }
}
