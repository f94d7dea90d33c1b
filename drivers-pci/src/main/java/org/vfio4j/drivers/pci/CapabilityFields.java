// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

/**
 * What the fields of visible capabilities are: hardware or shadow, writable or not, and which of them act. Spec: pci §9.6,
 * §9.7.5.
 */
final class CapabilityFields {
    private static final int UNCORRECTABLE_ERRORS = 0x03fff031;
    private static final int CORRECTABLE_ERRORS = 0x0000f1c1;
    private static final int ERROR_CONTROL = 0x140;

    private final FunctionControl control;
    private final MessageControl messages;

    CapabilityFields(FunctionControl control, MessageControl messages) {
        this.control = control;
        this.messages = messages;
    }

    /** A standard capability with the handler for its registers. */
    ConfigPart standard(VirtualConfig config, int id, int at, int length) {
        var handler = switch (id) {
            case CapabilityId.POWER -> new PowerCapability(control, at);
            case CapabilityId.VPD -> new VpdCapability(config.function(), at);
            case CapabilityId.MSI -> new MsiCapability(messages, at);
            case CapabilityId.EXPRESS -> new ExpressCapability(control, at);
            case CapabilityId.ADVANCED_FEATURES -> new AdvancedFeatures(control, at);
            default -> ConfigHandler.PLAIN;
        };
        return new ConfigPart("capability 0x" + Integer.toHexString(id), at, length, handler);
    }

    /** Sets the fields of a standard capability just claimed: its link is the shadow's. */
    void permitStandard(VirtualConfig config, int id, ConfigPart part) {
        int at = part.start();
        config.permit(at, 2, 0xffff, 0);
        switch (id) {
            case CapabilityId.POWER -> PowerCapability.permit(config, at);
            case CapabilityId.VPD -> {
                config.permit(at + 2, 2, -1, -1);
                config.permit(at + 4, 4, -1, -1);
            }
            case CapabilityId.MSI -> MsiCapability.permit(config, at);
            case CapabilityId.PCI_X -> {
                config.permit(at + 2, 2, 0, -1);
                if (part.length() > 8) {
                    config.permit(at + 8, 4, 0, -1);
                }
            }
            case CapabilityId.VENDOR -> raw(config, at + 2, part);
            case CapabilityId.EXPRESS -> ExpressCapability.permit(config, part);
            case CapabilityId.ADVANCED_FEATURES -> config.permit(at + 4, 1, 0x1, 0x1);
            default -> {
                // Read-only hardware.
            }
        }
    }

    /** Sets the fields of an extended capability just claimed; its first dword is done. */
    void permitExtended(VirtualConfig config, int id, ConfigPart part) {
        int at = part.start();
        switch (id) {
            case CapabilityId.EXT_ERROR_REPORTING -> {
                config.permit(at + 0x04, 4, 0, UNCORRECTABLE_ERRORS);
                config.permit(at + 0x08, 4, 0, UNCORRECTABLE_ERRORS);
                config.permit(at + 0x0c, 4, 0, UNCORRECTABLE_ERRORS);
                config.permit(at + 0x10, 4, 0, CORRECTABLE_ERRORS);
                config.permit(at + 0x14, 4, 0, CORRECTABLE_ERRORS);
                config.permit(at + 0x18, 4, 0, ERROR_CONTROL);
            }
            case CapabilityId.EXT_POWER_BUDGET -> config.permit(at + 8, 1, 0, -1);
            case CapabilityId.EXT_VENDOR, CapabilityId.EXT_DESIGNATED_VENDOR -> raw(config, at + 4, part);
            default -> {
                // Read-only hardware: what the user must not change for others.
            }
        }
    }

    private static void raw(VirtualConfig config, int from, ConfigPart part) {
        for (int at = from; at < part.start() + part.length(); at++) {
            config.permit(at, 1, 0, -1);
        }
    }
}
