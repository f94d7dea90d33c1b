// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import org.vfio4j.spi.pci.PciFunction;

/**
 * The configuration a driver keeps over a reset or a sleep (kernel: {@code pci_save_state}, {@code pci_restore_state}): the
 * header's writable part and the control words of PCI Express. Status bits are left alone. Immutable.
 */
final class SavedConfig {
    /** Control words of the Express capability; version 1 surely has the first alone. */
    private static final int[] EXPRESS_WORDS = {0x08, 0x10, 0x18, 0x1c, 0x28, 0x30, 0x38};

    private final PciFunction function;
    private final int[] header = new int[PciRegister.HEADER_LENGTH / 4];
    private final int expressAt;
    private final int[] express;

    private SavedConfig(PciFunction function) {
        this.function = function;
        for (int i = 0; i < header.length; i++) {
            header[i] = function.readConfig(4 * i, 4);
        }
        expressAt = HardwareCapabilities.find(function, CapabilityId.EXPRESS);
        int version = expressAt == 0 ? 0 : function.readConfig(expressAt + 2, 1) & 0xf;
        express = new int[expressAt == 0 ? 0 : version >= 2 ? EXPRESS_WORDS.length : 1];
        for (int i = 0; i < express.length; i++) {
            express[i] = function.readConfig(expressAt + EXPRESS_WORDS[i], 2);
        }
    }

    static SavedConfig of(PciFunction function) {
        return new SavedConfig(function);
    }

    /** Writes back what differs; COMMAND last, so that nothing decodes at a wrong address. */
    void restore() {
        for (int i = 0; i < express.length; i++) {
            int at = expressAt + EXPRESS_WORDS[i];
            if (function.readConfig(at, 2) != express[i]) {
                function.writeConfig(at, 2, express[i]);
            }
        }
        for (int i = header.length - 1; i > 1; i--) {
            if (function.readConfig(4 * i, 4) != header[i]) {
                function.writeConfig(4 * i, 4, header[i]);
            }
        }
        function.writeConfig(PciRegister.COMMAND, 2, header[1] & 0xffff);
    }
}
