// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import java.util.Set;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Which functions the driver refuses by themselves; group and coherency are the core's question. Spec: pci §2.5.
 */
final class ProbeRules {
    private static final int INTEL = 0x8086;

    /** Accelerators of vendor 8086 that an untrusted user can make do harm. */
    private static final Set<Integer> DENIED = Set.of(0x19e2, 0x19e3, 0x37c8, 0x37c9, 0x0435, 0x0443, 0x0b25, 0x0cfe);

    private static final int SR_IOV_CONTROL = 8;
    private static final int SR_IOV_ENABLE = 1;

    private ProbeRules() {}

    /**
     * Checks a function.
     *
     * @throws VfioException EINVAL or EBUSY as the rules say
     */
    static void check(PciFunction function, PciOptions options) {
        int vendor = function.vendorId();
        int device = function.deviceId();
        if (vendor == INTEL && DENIED.contains(device) && !options.disableDenylist()) {
            throw new VfioException(
                    Errno.EINVAL,
                    String.format(
                            "probe refused: %s is a %04x:%04x, which is on the denylist (disable_denylist lifts it)",
                            function.name(), vendor, device));
        }
        int headerType = function.readConfig(PciRegister.HEADER_TYPE, 1) & 0x7f;
        if (headerType != 0) {
            throw new VfioException(
                    Errno.EINVAL,
                    "probe refused: " + function.name() + " is a bridge, its header type is " + headerType + ", not 0");
        }
        if (hasVirtualFunctions(function)) {
            throw new VfioException(
                    Errno.EBUSY, "probe refused: " + function.name() + " has virtual functions switched on");
        }
    }

    /** Whether a physical function has its virtual functions switched on. */
    static boolean hasVirtualFunctions(PciFunction function) {
        int at = HardwareCapabilities.findExtended(function, CapabilityId.EXT_SR_IOV);
        return at != 0 && (function.readConfig(at + SR_IOV_CONTROL, 2) & SR_IOV_ENABLE) != 0;
    }
}
