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
    /** Everything is made inside: the checker does not see into what was there before. */
    private static final int SCHEDULES = 300;

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
        explore(SCHEDULES, () -> {
            var parts = threeDevices();
            var a = device(parts, "a");
            var b = device(parts, "b");
            var sets = new DeviceSets();
            var key = new Object();
            var joined = new CoreDeviceSet[2];
            beside(() -> joined[0] = sets.join(key, a), () -> joined[1] = sets.join(key, b));
            check(joined[0] == joined[1], "two sets of one key");
            check(members(joined[0]).size() == 2, "a member is missing");
            sets.leave(joined[0], a);
            check(sets.size() == 1, "the set of b went with a");
            sets.leave(joined[1], b);
            check(sets.size() == 0, "an empty set stays");
        });
    }

    @Test
    @Spec("C-159")
    void shouldNotGiveAMemberASetThatDiesWithAnother() {
        explore(SCHEDULES, () -> {
            var parts = threeDevices();
            var a = device(parts, "a");
            var b = device(parts, "b");
            var c = device(parts, "c");
            var sets = new DeviceSets();
            var key = new Object();
            var first = sets.join(key, a);
            var joined = new CoreDeviceSet[1];
            beside(() -> joined[0] = sets.join(key, b), () -> sets.leave(first, a));
            check(sets.join(key, c) == joined[0], "the set of b is not the one found by its key");
            check(members(joined[0]).equals(List.of(b, c)), "the set has other members than b and c");
            check(sets.size() == 1, "the set of b and c is gone, or another one is there");
        });
    }
}
