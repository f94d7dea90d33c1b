// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

/** Advanced features: a function-level reset is performed by the driver. Spec: pci §9.6 AF. */
final class AdvancedFeatures implements ConfigHandler {
    private static final int ABILITIES = 3;
    private static final int CONTROL = 4;
    private static final int RESET = 0x1;
    private static final int TRANSACTIONS_PENDING_AND_RESET = 0x3;

    private final FunctionControl control;
    private final int at;

    AdvancedFeatures(FunctionControl control, int at) {
        this.control = control;
        this.at = at;
    }

    @Override
    public void write(VirtualConfig config, int offset, int size, int value) {
        config.writeMasked(offset, size, value);
        int now = config.shadow(at + CONTROL, 1);
        if ((now & RESET) == 0) {
            return;
        }
        config.shadow(at + CONTROL, 1, now & ~RESET);
        int abilities = config.function().readConfig(at + ABILITIES, 1) & TRANSACTIONS_PENDING_AND_RESET;
        if (abilities == TRANSACTIONS_PENDING_AND_RESET) {
            control.resetThroughRegister();
        }
    }
}
