// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

/** Power management: the state is changed by the driver, wake events are kept from the user. Spec: pci §9.6 PM. */
final class PowerCapability implements ConfigHandler {
    private static final int ABILITIES = 2;
    private static final int CONTROL = 4;
    private static final int WAKE_ABILITIES = 0xf800;
    private static final int WAKE_BITS = 0x8100;
    private static final int STATE_BITS = 0x3;

    private final FunctionControl control;
    private final int at;

    PowerCapability(FunctionControl control, int at) {
        this.control = control;
        this.at = at;
    }

    static void permit(VirtualConfig config, int at) {
        config.permit(at + ABILITIES, 2, WAKE_ABILITIES, 0);
        config.permit(at + CONTROL, 4, WAKE_BITS, ~(WAKE_BITS | STATE_BITS));
        config.shadow(at + ABILITIES, 2, config.shadow(at + ABILITIES, 2) & ~WAKE_ABILITIES);
        config.shadow(at + CONTROL, 4, config.shadow(at + CONTROL, 4) & ~WAKE_BITS);
    }

    @Override
    public void write(VirtualConfig config, int offset, int size, int value) {
        config.writeMasked(offset, size, value);
        if (offset == at + CONTROL) {
            control.setPower(value & STATE_BITS);
        }
    }
}
