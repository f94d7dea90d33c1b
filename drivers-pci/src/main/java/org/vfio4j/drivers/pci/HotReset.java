// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import java.lang.foreign.Arena;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.struct.VfioPciHotReset;
import org.vfio4j.uapi.struct.VfioPciHotResetInfo;

/**
 * Reset of everything that shares a bus, for functions where there is no such reset: on a root bus, or below a bridge that
 * cannot. Elsewhere the calls are not offered. Spec: pci §14.1, §14.2, §14.4.
 */
final class HotReset {
    private static final int HEADER = 12;

    private HotReset() {}

    /** GET_PCI_HOT_RESET_INFO. */
    static long info(PciFunction function, Caller caller, long argument) {
        try (var arena = Arena.ofConfined()) {
            var struct = arena.allocate(HEADER);
            caller.memory().read(argument, struct, 0, HEADER);
            checkSize("GET_PCI_HOT_RESET_INFO", VfioPciHotResetInfo.argsz(struct));
        }
        throw notOffered("GET_PCI_HOT_RESET_INFO", function);
    }

    /** PCI_HOT_RESET. */
    static long reset(PciFunction function, Caller caller, long argument) {
        try (var arena = Arena.ofConfined()) {
            var struct = arena.allocate(HEADER);
            caller.memory().read(argument, struct, 0, HEADER);
            checkSize("PCI_HOT_RESET", VfioPciHotReset.argsz(struct));
            if (VfioPciHotReset.flags(struct) != 0) {
                throw new VfioException(
                        Errno.EINVAL,
                        "PCI_HOT_RESET refused: flags " + VfioPciHotReset.flags(struct) + " mean nothing");
            }
        }
        throw notOffered("PCI_HOT_RESET", function);
    }

    private static void checkSize(String call, int argsz) {
        if (Integer.compareUnsigned(argsz, HEADER) < 0) {
            throw new VfioException(Errno.EINVAL, call + " refused: argsz " + argsz + " is less than " + HEADER);
        }
    }

    private static VfioException notOffered(String call, PciFunction function) {
        boolean resettable = !function.bus().root()
                && (function.resettableSlot() != null || function.bus().resettable());
        return resettable
                ? new VfioException(Errno.ENOTTY, call + " is not offered for " + function.name())
                : new VfioException(
                        Errno.ENODEV,
                        call + " refused: nothing can reset the bus of " + function.name() + " as a whole");
    }
}
