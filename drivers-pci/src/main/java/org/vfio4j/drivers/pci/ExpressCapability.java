// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

/**
 * PCI Express: payload sizes belong to the host, a function-level reset is performed by the driver. Spec: pci §9.6 PCIe.
 */
final class ExpressCapability implements ConfigHandler {
    private static final int DEVICE_ABILITIES = 4;
    private static final int DEVICE_CONTROL = 8;
    private static final int DEVICE_CONTROL_2 = 0x28;
    private static final int HAS_RESET = 1 << 28;
    private static final int RESET = 0x8000;
    private static final int READ_REQUEST = 0x7000;
    private static final int PAYLOAD = 0xe0;
    private static final int PHANTOM = 0x200;
    private static final int ARI_FORWARDING = 0x20;

    /** Code of 4096 bytes, the largest read request. */
    private static final int LARGEST_CODE = 5;

    private final FunctionControl control;
    private final int at;

    ExpressCapability(FunctionControl control, int at) {
        this.control = control;
        this.at = at;
    }

    static void permit(VirtualConfig config, ConfigPart part) {
        config.permit(part.start() + DEVICE_CONTROL, 2, RESET | PAYLOAD | READ_REQUEST, ~PHANTOM);
        if (part.length() > DEVICE_CONTROL_2) {
            config.permit(part.start() + DEVICE_CONTROL_2, 2, 0, ~ARI_FORWARDING);
        }
    }

    @Override
    public void write(VirtualConfig config, int offset, int size, int value) {
        int field = at + DEVICE_CONTROL;
        int requestBefore = config.shadow(field, 2) & READ_REQUEST;
        config.writeMasked(offset, size, value);
        int now = config.shadow(field, 2);
        if ((now & RESET) != 0) {
            config.shadow(field, 2, now & ~RESET);
            if ((config.function().readConfig(at + DEVICE_ABILITIES, 4) & HAS_RESET) != 0) {
                control.resetThroughRegister();
            }
        }
        if ((now & READ_REQUEST) != requestBefore) {
            setHardwareReadRequest(config, (now & READ_REQUEST) >>> 12);
        }
    }

    /** Hardware never asks for less than one payload. */
    private void setHardwareReadRequest(VirtualConfig config, int code) {
        int field = at + DEVICE_CONTROL;
        int hardware = config.function().readConfig(field, 2);
        int chosen = Math.max(code, (hardware & PAYLOAD) >>> 5);
        if (chosen <= LARGEST_CODE) {
            config.function().writeConfig(field, 2, ConfigBytes.merge(hardware, chosen << 12, READ_REQUEST));
        }
    }
}
