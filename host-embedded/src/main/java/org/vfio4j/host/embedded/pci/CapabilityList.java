// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

import java.util.ArrayList;
import java.util.List;

/** Walks the capability lists of a function's configuration space, as hardware laid them out. Spec: pci §9.5, §9.7. */
public final class CapabilityList {
    /** PCI power management. */
    public static final int PM = 0x01;
    /** Message-signalled interrupts. */
    public static final int MSI = 0x05;
    /** PCI-X. */
    public static final int PCI_X = 0x07;
    /** PCI Express. */
    public static final int EXPRESS = 0x10;
    /** Extended message-signalled interrupts. */
    public static final int MSI_X = 0x11;
    /** Advanced features: function-level reset of conventional functions. */
    public static final int ADVANCED_FEATURES = 0x13;
    /** Extended capability: advanced error reporting. */
    public static final int AER = 0x0001;

    private static final int STATUS = 0x06;
    private static final int STATUS_CAPABILITIES = 0x10;
    private static final int POINTER = 0x34;
    private static final int FIRST_EXTENDED = 0x100;
    /** A list longer than its space allows is a loop: stop as the kernel does. */
    private static final int MOST_STANDARD = 48;

    private static final int MOST_EXTENDED = (4096 - FIRST_EXTENDED) / 8;

    private CapabilityList() {}

    /**
     * A capability.
     *
     * @param id its id
     * @param offset where it starts in configuration space
     * @param extended whether it is in the extended list
     */
    public record Entry(int id, int offset, boolean extended) {}

    /** Every capability in list order, standard ones first. */
    public static List<Entry> walk(byte[] config) {
        var entries = new ArrayList<Entry>();
        if ((config[STATUS] & STATUS_CAPABILITIES) != 0) {
            int offset = config[POINTER] & 0xfc;
            for (int i = 0; i < MOST_STANDARD && offset >= 0x40; i++) {
                entries.add(new Entry(config[offset] & 0xff, offset, false));
                offset = config[offset + 1] & 0xfc;
            }
        }
        if (config.length > FIRST_EXTENDED) {
            int offset = FIRST_EXTENDED;
            for (int i = 0; i < MOST_EXTENDED && offset >= FIRST_EXTENDED && offset <= config.length - 4; i++) {
                int header = LittleEndian.get(config, offset, 4);
                if (header == 0 || header == -1) {
                    break;
                }
                entries.add(new Entry(header & 0xffff, offset, true));
                offset = (header >>> 20) & 0xffc;
            }
        }
        return entries;
    }

    /** Offset of a standard capability, 0 when there is none. */
    public static int find(byte[] config, int id) {
        return find(config, id, false);
    }

    /** Offset of an extended capability, 0 when there is none. */
    public static int findExtended(byte[] config, int id) {
        return find(config, id, true);
    }

    private static int find(byte[] config, int id, boolean extended) {
        for (var entry : walk(config)) {
            if (entry.id == id && entry.extended == extended) {
                return entry.offset;
            }
        }
        return 0;
    }
}
