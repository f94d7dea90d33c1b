// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vfio4j.testing.Spec;

/** Two drivers that join and leave the set of one key as fast as they can. */
@Timeout(120)
class DeviceSetsRaceTest {
    private static final int ROUNDS = 200_000;

    private final CoreParts parts = new CoreParts(machine -> {
        for (var name : List.of("a", "b", "c", "d")) {
            machine.device(name, machine.group(name.charAt(0)));
        }
    });
    private final DeviceSets sets = new DeviceSets();
    private final Object key = new Object();
    private final CyclicBarrier start = new CyclicBarrier(2);

    private CoreDevice device(String name) {
        return (CoreDevice) parts.driver.ops(parts.machine.find(name)).vfioDevice();
    }

    @Test
    @Spec("C-159")
    void shouldFindTheSetOfAMemberWhileItIsOne() throws Exception {
        try (var threads = Executors.newFixedThreadPool(2)) {
            var one = threads.submit(joining("a", "b"));
            var other = threads.submit(joining("c", "d"));
            assertThat(one.get())
                    .as("rounds in which the second member got another set")
                    .isZero();
            assertThat(other.get())
                    .as("rounds in which the second member got another set")
                    .isZero();
        }
        assertThat(sets.size()).as("sets left").isZero();
    }

    private Callable<Integer> joining(String first, String second) {
        return () -> {
            var a = device(first);
            var b = device(second);
            int wrong = 0;
            start.await();
            for (int round = 0; round < ROUNDS; round++) {
                var joined = sets.join(key, a);
                var found = sets.join(key, b);
                if (joined != found) {
                    wrong++;
                }
                sets.leave(found, b);
                sets.leave(joined, a);
            }
            return wrong;
        };
    }
}
