// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import org.vfio4j.spi.pci.PciFunction;

/** Which extended capabilities a user sees and how long they are. Spec: pci §9.7. */
final class ExtendedCapabilities {
    private static final int HIDDEN = 0;
    private static final int NEXT_BITS = 0xffc00000;
    private static final int PLACEHOLDER_LENGTH = 4;

    private ExtendedCapabilities() {}

    /** Walks the hardware's list and claims what is visible. */
    static void install(VirtualConfig config, CapabilityFields fields) {
        var function = config.function();
        if (!present(config)) {
            return;
        }
        int previous = 0;
        boolean any = false;
        int at = PciRegister.EXTENDED;
        for (int left = (config.size() - PciRegister.EXTENDED) / 4; at >= PciRegister.EXTENDED && left > 0; left--) {
            int header = function.readConfig(at, 4);
            int id = header & 0xffff;
            int next = header >>> 20 & 0xffc;
            int length = length(function, id, at);
            if (length != HIDDEN) {
                var part = new ConfigPart(
                        "extended capability 0x" + Integer.toHexString(id), at, length, ConfigHandler.PLAIN);
                config.claim(part);
                config.permit(at, 4, -1, 0);
                fields.permitExtended(config, id, part);
                any = true;
                previous = at;
            } else if (previous != 0) {
                config.shadow(previous, 4, ConfigBytes.merge(config.shadow(previous, 4), header, NEXT_BITS));
            } else {
                // The list must begin here: keep the link alone.
                config.claim(new ConfigPart("hidden", at, PLACEHOLDER_LENGTH, ConfigHandler.PLAIN));
                config.permit(at, 4, -1, 0);
                config.shadow(at, 4, header & NEXT_BITS);
                previous = at;
            }
            at = next;
        }
        if (!any) {
            config.shadow(PciRegister.EXTENDED, 4, 0);
        }
    }

    /** Only a function of a kind that can have extended capabilities, and shows one. */
    private static boolean present(VirtualConfig config) {
        var function = config.function();
        if (config.size() <= PciRegister.EXTENDED || function.readConfig(PciRegister.EXTENDED, 4) == 0) {
            return false;
        }
        if (HardwareCapabilities.find(function, CapabilityId.EXPRESS) != 0) {
            return true;
        }
        int bridged = HardwareCapabilities.find(function, CapabilityId.PCI_X);
        return bridged != 0 && (function.readConfig(bridged + 2, 2) & 0x3000) != 0;
    }

    private static int length(PciFunction function, int id, int at) {
        return switch (id) {
            case CapabilityId.EXT_ERROR_REPORTING -> 44;
            case CapabilityId.EXT_VIRTUAL_CHANNEL,
                    CapabilityId.EXT_VIRTUAL_CHANNEL_MFVC,
                    CapabilityId.EXT_MULTI_FUNCTION_VC -> virtualChannels(function, at);
            case CapabilityId.EXT_SERIAL_NUMBER -> 12;
            case CapabilityId.EXT_PROCESSING_HINTS -> processingHints(function.readConfig(at + 4, 4));
            case CapabilityId.EXT_POWER_BUDGET -> 16;
            case CapabilityId.EXT_VENDOR, CapabilityId.EXT_DESIGNATED_VENDOR -> function.readConfig(at + 4, 4) >>> 20;
            case CapabilityId.EXT_ACCESS_CONTROL -> accessControl(function.readConfig(at + 4, 2));
            case CapabilityId.EXT_ROUTING_ID, CapabilityId.EXT_TRANSLATION, CapabilityId.EXT_LATENCY -> 8;
            case CapabilityId.EXT_SR_IOV -> 64;
            case CapabilityId.EXT_MULTICAST -> 40;
            case CapabilityId.EXT_PAGE_REQUEST -> 16;
            case CapabilityId.EXT_RESIZABLE_BAR -> 4 + 8 * (function.readConfig(at + 8, 1) >>> 5);
            case CapabilityId.EXT_POWER_ALLOCATION -> 16 + (function.readConfig(at + 4, 1) & 0x1f) + 1;
            default -> HIDDEN;
        };
    }

    private static int virtualChannels(PciFunction function, int at) {
        int length = 16 + (1 + (function.readConfig(at + 4, 1) & 0x7)) * 12;
        int table = function.readConfig(at + 8, 1);
        int phases = (table & 0x8) != 0 ? 128 : (table & 0x4) != 0 ? 64 : (table & 0x2) != 0 ? 32 : 0;
        return phases == 0 ? length : (length + 15 & ~15) + phases * 4 / 8;
    }

    private static int accessControl(int capability) {
        if ((capability & 0x20) == 0) {
            return 8;
        }
        int vectors = capability >>> 8;
        return 8 + ((vectors == 0 ? 256 : vectors) + 31 & ~31) / 8;
    }

    private static int processingHints(int capability) {
        boolean inCapability = (capability & 0x600) == 0x200;
        return inCapability ? 12 + 2 * (capability >>> 16 & 0x7ff) + 2 : 12;
    }
}
