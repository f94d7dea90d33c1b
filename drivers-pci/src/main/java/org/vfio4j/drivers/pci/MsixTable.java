// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.pci.PciFunction;

/**
 * Where a function's MSI-X vector table is; user reads and writes do not reach it. Spec: pci §10.4.
 *
 * @param bar register it is behind
 * @param start first byte in that register
 * @param length bytes, 16 for each vector
 */
record MsixTable(int bar, long start, long length) {
    private static final int CONTROL = 2;
    private static final int LOCATION = 4;
    private static final int ENTRY_BYTES = 16;

    /** The function's table, null without MSI-X. */
    static @Nullable MsixTable of(PciFunction function) {
        int at = HardwareCapabilities.find(function, CapabilityId.MSI_X);
        if (at == 0) {
            return null;
        }
        int location = function.readConfig(at + LOCATION, 4);
        return new MsixTable(
                location & 0x7, location & ~0x7 & 0xffff_ffffL, (long) vectors(function, at) * ENTRY_BYTES);
    }

    static int vectors(PciFunction function, int at) {
        return (function.readConfig(at + CONTROL, 2) & 0x7ff) + 1;
    }

    boolean contains(int register, long offset) {
        return register == bar && offset >= start && offset < start + length;
    }

    boolean overlaps(int register, long offset, long count) {
        return register == bar && offset < start + length && start < offset + count;
    }
}
