// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

import java.util.ArrayList;
import java.util.List;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The ways to reset functions, each wrapped as the kernel does it: locks tried, configuration saved, decoding and bus
 * mastering off, reset, configuration restored. Spec: pci §21.1, §21.2.
 */
final class FunctionReset {
    static final String FLR = "flr";
    static final String AF_FLR = "af_flr";
    static final String PM = "pm";
    static final String BUS = "bus";

    private static final int DEVICE_CAPABILITY_FLR = 1 << 28;
    private static final int AF_TRANSACTIONS_PENDING_AND_FLR = 0x3;
    private static final int NO_SOFT_RESET = 0x8;

    private FunctionReset() {}

    /** Methods that the function's capabilities promise, in order of preference; {@code bus} depends on the topology. */
    static List<String> ofCapabilities(byte[] config) {
        var methods = new ArrayList<String>();
        int express = CapabilityList.find(config, CapabilityList.EXPRESS);
        if (express != 0 && (LittleEndian.get(config, express + 4, 4) & DEVICE_CAPABILITY_FLR) != 0) {
            methods.add(FLR);
        }
        int advanced = CapabilityList.find(config, CapabilityList.ADVANCED_FEATURES);
        if (advanced != 0 && (config[advanced + 3] & 0x3) == AF_TRANSACTIONS_PENDING_AND_FLR) {
            methods.add(AF_FLR);
        }
        int power = CapabilityList.find(config, CapabilityList.PM);
        if (power != 0 && (config[power + 4] & NO_SOFT_RESET) == 0) {
            methods.add(PM);
        }
        return methods;
    }

    /** Resets one function by the first of its methods. */
    static void function(EmbeddedFunction function) {
        var methods = function.resetMethods();
        if (methods.isEmpty()) {
            throw new VfioException(Errno.ENOTTY, "reset refused: " + function.name() + " has no reset method");
        }
        if (!methods.getFirst().equals(BUS)) {
            all(List.of(function), function.name());
            return;
        }
        // The method is offered when the bridge reaches nothing but the function's own slot.
        var affected = new ArrayList<EmbeddedFunction>();
        for (PciFunction other : function.bus().functions()) {
            if (other.address().device() == function.address().device()) {
                affected.addAll(((EmbeddedFunction) other).withBelow());
            }
        }
        all(affected, function.name());
    }

    /**
     * Resets functions together, all or none of them.
     *
     * @param what names them for people
     * @throws VfioException EAGAIN when one is locked
     */
    static void all(List<EmbeddedFunction> functions, String what) {
        int locked = 0;
        try {
            for (var function : functions) {
                if (!function.tryLockReset()) {
                    throw new VfioException(
                            Errno.EAGAIN, "reset of " + what + " refused: " + function.name() + " is locked");
                }
                locked++;
            }
            functions.forEach(EmbeddedFunction::resetHardwareKeepingConfiguration);
            for (var function : functions) {
                var virtual = function.sriov();
                if (virtual != null) {
                    virtual.resetExcept(functions);
                }
            }
        } finally {
            for (int i = 0; i < locked; i++) {
                functions.get(i).unlockReset();
            }
        }
        functions.forEach(EmbeddedFunction::deliverPending);
    }
}
