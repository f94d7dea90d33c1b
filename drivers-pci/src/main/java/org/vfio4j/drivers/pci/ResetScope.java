// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.spi.device.DeviceSet;
import org.vfio4j.spi.device.VfioDevice;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.spi.pci.PciResetScope;
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

    /** What is reset with a function: its slot, else its bus; null when neither can be. Spec: pci §14.1. */
    static @Nullable PciResetScope of(PciFunction function) {
        var slot = function.resettableSlot();
        if (slot != null) {
            return slot;
        }
        var bus = function.bus();
        return !bus.root() && bus.resettable() ? bus : null;
    }

    /**
     * Resets slot or bus when its functions are all closed, all in one set, and one of them could not be reset by itself
     * (kernel: {@code vfio_pci_dev_set_try_reset}). The set's lock is held.
     *
     * @param closing the member that is being closed
     */
    static void afterLastClose(VfioDevice closing) {
        var set = closing.deviceSet();
        var scope = of((PciFunction) closing.busDevice());
        if (scope == null || !anyNeedsReset(set) || otherOpen(set, closing)) {
            return;
        }
        var outsider = outsider(scope, set.members());
        if (outsider != null) {
            LOG.debug(
                    "no reset of all at the close of {}: {} is not in its set",
                    closing.busDevice().name(),
                    outsider.name());
            return;
        }
        try {
            scope.reset();
        } catch (VfioException e) {
            LOG.warn(
                    "what is reset with {} could not be at its close: {}",
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

    /** An affected function that is no member of the set; null when all are. The set's lock is held. */
    static @Nullable PciFunction outsider(PciResetScope scope, List<VfioDevice> members) {
        return scope.affected().stream()
                .filter(affected -> member(members, affected) == null)
                .findFirst()
                .orElse(null);
    }

    /** The member that a function is (kernel: {@code vfio_find_device_in_devset}); null when there is none. */
    @SuppressWarnings("ReferenceEquality") // A bus device is its identity.
    static @Nullable VfioDevice member(List<VfioDevice> members, PciFunction function) {
        return members.stream()
                .filter(member -> member.busDevice() == function)
                .findFirst()
                .orElse(null);
    }

    private static boolean anyNeedsReset(DeviceSet set) {
        return set.members().stream()
                .anyMatch(member -> member.ops() instanceof VfioPciDevice device && device.needsReset());
    }

    private static boolean otherOpen(DeviceSet set, VfioDevice closing) {
        return set.members().stream().anyMatch(member -> member != closing && member.openCount() > 0);
    }
}
