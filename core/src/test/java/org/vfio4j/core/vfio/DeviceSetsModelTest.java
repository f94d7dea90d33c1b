// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import static org.vfio4j.core.vfio.Interleavings.beside;
import static org.vfio4j.core.vfio.Interleavings.check;
import static org.vfio4j.core.vfio.Interleavings.explore;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.vfio4j.spi.device.VfioDevice;
import org.vfio4j.testing.Spec;

/** Drivers that assign the same set at the same time, and destroy their devices meanwhile. */
@Tag("model")
class DeviceSetsModelTest {
    private static CoreDevice device(CoreParts parts, String name) {
        var device = parts.machine.find(name);
        return (CoreDevice) parts.driver.ops(device).vfioDevice();
    }

    private static CoreParts threeDevices() {
        return new CoreParts(machine -> {
            machine.device("a", machine.group(1));
            machine.device("b", machine.group(2));
            machine.device("c", machine.group(3));
        });
    }

    private static List<VfioDevice> members(CoreDeviceSet set) {
        set.lock().lock();
        try {
            return set.members();
        } finally {
            set.lock().unlock();
        }
    }

    @Test
    @Spec("C-159")
    void shouldMakeOneSetForOneKey() {
        var parts = threeDevices();
        var a = device(parts, "a");
        var b = device(parts, "b");
        explore(2000, () -> {
            var sets = new DeviceSets();
            var key = new Object();
            var joined = new CoreDeviceSet[2];
            beside(() -> joined[0] = sets.join(key, a), () -> joined[1] = sets.join(key, b));
            check(joined[0] == joined[1], "two sets of one key");
            check(members(joined[0]).size() == 2, "a member is missing");
            beside(() -> sets.leave(joined[0], a), () -> sets.leave(joined[1], b));
            check(sets.size() == 0, "an empty set stays");
        });
    }

    @Test
    @Spec("C-159")
    void shouldNotGiveAMemberASetThatDiesWithAnother() {
        var parts = threeDevices();
        var a = device(parts, "a");
        var b = device(parts, "b");
        var c = device(parts, "c");
        explore(2000, () -> {
            var sets = new DeviceSets();
            var key = new Object();
            var first = sets.join(key, a);
            beside(() -> sets.leave(first, a), () -> {
                var joined = sets.join(key, b);
                check(sets.join(key, c) == joined, "the set of b is not the one found by its key");
                check(members(joined).containsAll(List.of(b, c)), "the set has lost a member");
            });
            check(sets.size() == 1, "the set of b and c is gone, or another one is there");
        });
    }
}
