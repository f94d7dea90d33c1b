// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import static org.vfio4j.core.vfio.Interleavings.beside;
import static org.vfio4j.core.vfio.Interleavings.check;
import static org.vfio4j.core.vfio.Interleavings.explore;
import static org.vfio4j.core.vfio.Interleavings.shared;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.vfio4j.spi.device.VfioDevice;
import org.vfio4j.testing.Spec;

/** A driver assigns a set while the last member of it is destroyed. */
@Tag("model")
class DeviceSetsModelTest {
    @Test
    @Spec("C-159")
    void shouldNotGiveAMemberASetThatDiesWithAnother() {
        var parts = new CoreParts(machine -> {
            machine.device("a", machine.group(1));
            machine.device("b", machine.group(2));
            machine.device("c", machine.group(3));
        });
        var a = device(parts, "a");
        var b = device(parts, "b");
        var c = device(parts, "c");
        explore(1000, () -> {
            var sets = shared(new DeviceSets());
            var key = new Object();
            var first = shared(sets.join(key, a));
            var joined = new CoreDeviceSet[1];
            beside(() -> joined[0] = sets.join(key, b), () -> sets.leave(first, a));
            check(sets.join(key, c) == joined[0], "the set of b is not the one found by its key");
            check(members(joined[0]).equals(List.of(b, c)), "the set has other members than b and c");
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

    private static CoreDevice device(CoreParts parts, String name) {
        return (CoreDevice) parts.driver.ops(parts.machine.find(name)).vfioDevice();
    }
}
