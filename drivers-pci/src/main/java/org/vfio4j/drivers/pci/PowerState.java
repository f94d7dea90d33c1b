// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.pci.PciFunction;

/**
 * The function's power state (kernel: {@code vfio_pci_set_power_state}). Changes come one at a time, under the memory lock
 * or before the function is open. Spec: pci §9.6 PM, §17.
 */
final class PowerState {
    static final int D0 = 0;
    static final int D1 = 1;
    static final int D2 = 2;
    static final int D3_HOT = 3;

    private static final int ABILITIES = 2;
    private static final int CONTROL = 4;
    private static final int STATE_BITS = 0x3;
    private static final int NO_SOFT_RESET = 0x8;
    private static final int HAS_D1 = 0x200;
    private static final int HAS_D2 = 0x400;
    private static final int PME_STATUS = 0x8000;

    private final PciFunction function;
    private final int at;
    private @Nullable SavedConfig beforeSleep;

    PowerState(PciFunction function) {
        this.function = function;
        this.at = HardwareCapabilities.find(function, CapabilityId.POWER);
    }

    int current() {
        return at == 0 ? D0 : function.readConfig(at + CONTROL, 2) & STATE_BITS;
    }

    /**
     * Changes the state; states the function does not have, and sleep of a physical function with virtual functions, are
     * ignored. A function that loses its configuration in D3hot gets it back.
     */
    void set(int state) {
        if (at == 0 || !allowed(state)) {
            return;
        }
        if (state != current()) {
            if (state == D3_HOT && losesConfiguration()) {
                beforeSleep = SavedConfig.of(function);
            }
            int control = function.readConfig(at + CONTROL, 2);
            function.writeConfig(at + CONTROL, 2, ConfigBytes.merge(control, state, STATE_BITS | PME_STATUS));
        }
        var saved = beforeSleep;
        if (state == D0 && saved != null) {
            saved.restore();
            beforeSleep = null;
        }
    }

    private boolean allowed(int state) {
        int abilities = function.readConfig(at + ABILITIES, 2);
        if ((state == D1 && (abilities & HAS_D1) == 0) || (state == D2 && (abilities & HAS_D2) == 0)) {
            return false;
        }
        return state == D0 || !ProbeRules.hasVirtualFunctions(function);
    }

    private boolean losesConfiguration() {
        return (function.readConfig(at + CONTROL, 2) & NO_SOFT_RESET) == 0;
    }
}
