// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

/**
 * Which standard capabilities a user sees and how long they are. Hidden ones are taken out of the list; their bytes stay
 * raw. Spec: pci §9.5.
 */
final class StandardCapabilities {
    private static final int HIDDEN = 0;
    private static final int NEXT = 1;
    private static final int MOST = 48;

    private StandardCapabilities() {}

    /** Walks the hardware's list and claims what is visible, with the fields of each. */
    static void install(VirtualConfig config, CapabilityFields fields) {
        var function = config.function();
        if ((function.readConfig(PciRegister.STATUS, 2) & PciRegister.STATUS_CAPABILITIES) == 0) {
            return;
        }
        int link = PciRegister.CAPABILITIES;
        int at = function.readConfig(PciRegister.CAPABILITIES, 1);
        boolean any = false;
        for (int left = MOST; at >= PciRegister.HEADER_LENGTH && at + NEXT < PciRegister.EXTENDED && left > 0; left--) {
            int id = function.readConfig(at, 1);
            int next = function.readConfig(at + NEXT, 1);
            int length = Math.min(length(config, id, at), PciRegister.EXTENDED - at);
            if (length == HIDDEN) {
                config.shadow(link, 1, next);
            } else {
                var part = fields.standard(config, id, at, length);
                config.claim(part);
                fields.permitStandard(config, id, part);
                link = at + NEXT;
                any = true;
            }
            at = next;
        }
        if (!any) {
            int status = config.shadow(PciRegister.STATUS, 2);
            config.shadow(PciRegister.STATUS, 2, status & ~PciRegister.STATUS_CAPABILITIES);
        }
    }

    private static int length(VirtualConfig config, int id, int at) {
        var function = config.function();
        return switch (id) {
            case CapabilityId.POWER, CapabilityId.VPD -> 8;
            case CapabilityId.AGP, CapabilityId.MSI_X -> 12;
            case CapabilityId.ADVANCED_FEATURES -> 6;
            case CapabilityId.MSI -> messages(function.readConfig(at + 2, 2));
            case CapabilityId.PCI_X -> (function.readConfig(at + 2, 2) & 0x3000) != 0 ? 24 : 8;
            case CapabilityId.HYPERTRANSPORT -> (function.readConfig(at + 3, 1) & 0xe0) != 0 ? 24 : 28;
            case CapabilityId.VENDOR -> function.readConfig(at + 2, 1);
            case CapabilityId.EXPRESS -> express(function.readConfig(at + 2, 2));
            case CapabilityId.SATA -> (function.readConfig(at + 4, 1) & 0xf) == 0xf ? 16 : 8;
            default -> HIDDEN;
        };
    }

    private static int messages(int control) {
        return 10 + ((control & 0x80) != 0 ? 4 : 0) + ((control & 0x100) != 0 ? 10 : 0);
    }

    private static int express(int flags) {
        boolean integratedEndpoint = (flags >>> 4 & 0xf) == 0x9;
        return (flags & 0xf) == 1 ? integratedEndpoint ? 12 : 20 : integratedEndpoint ? 44 : 52;
    }
}
