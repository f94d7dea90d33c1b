// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.spi.device.DeviceSet;
import org.vfio4j.spi.device.VfioDevice;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.uapi.VfioException;

/**
 * Functions that can only be reset together: the key of their device set, and the reset that follows the last close in
 * such a set. Spec: pci §3, §4.3.
 */
final class ResetScope {
    private static final Logger LOG = LoggerFactory.getLogger(ResetScope.class);

    private ResetScope() {}

    /** The key of a function's device set; null makes it a set of its own. */
    static @Nullable Object deviceSetKey(PciFunction function) {
        var bus = function.bus();
        if (bus.root() || function.physicalFunction() != null) {
            return null;
        }
        var slot = function.resettableSlot();
        return slot != null ? slot : bus;
    }

    /**
     * Resets the bus when its functions are all closed, all in one set, and one of them could not be reset by itself
     * (kernel: {@code vfio_pci_dev_set_try_reset}). The set's lock is held.
     *
     * @param closing the member that is being closed
     */
    static void afterLastClose(VfioDevice closing) {
        var set = closing.deviceSet();
        var bus = ((PciFunction) closing.busDevice()).bus();
        if (bus.root() || !bus.resettable() || !anyNeedsReset(set) || otherOpen(set, closing)) {
            return;
        }
        for (var function : bus.functions()) {
            if (set.members().stream().noneMatch(member -> member.busDevice() == function)) {
                LOG.debug(
                        "bus of {} not reset at close: {} is not in its set",
                        closing.busDevice().name(),
                        function.name());
                return;
            }
        }
        try {
            bus.reset();
        } catch (VfioException e) {
            LOG.warn(
                    "bus of {} could not be reset at close: {}",
                    closing.busDevice().name(),
                    e.getMessage());
            return;
        }
        for (var member : set.members()) {
            if (member.ops() instanceof VfioPciDevice device) {
                device.needsReset(false);
            }
        }
    }

    private static boolean anyNeedsReset(DeviceSet set) {
        return set.members().stream()
                .anyMatch(member -> member.ops() instanceof VfioPciDevice device && device.needsReset());
    }

    private static boolean otherOpen(DeviceSet set, VfioDevice closing) {
        return set.members().stream().anyMatch(member -> member != closing && member.openCount() > 0);
    }
}
