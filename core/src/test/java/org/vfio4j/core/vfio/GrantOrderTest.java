// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vfio4j.testing.Spec;

/** A file is granted after everything its opening did, and whoever sees it granted sees that. */
@Timeout(60)
class GrantOrderTest {
    private static final int ROUNDS = 2000;

    private final CoreParts parts = new CoreParts(machine -> machine.device("x", machine.group(1)));

    @Test
    @Spec("C-158")
    void shouldGrantWhenTheWholeSequenceIsDone() {
        var file = parts.registry.openNode(0);
        var context = parts.context();
        List<Boolean> granted = new ArrayList<>();
        parts.driver.ops(parts.machine.find("x")).insideOpenOrClose = () -> granted.add(file.granted());
        context.retain();
        file.bind(null, () -> context, id -> granted.add(file.granted()));
        assertThat(granted).as("granted during open_device and copy-out").containsExactly(false, false);
        assertThat(file.granted()).isTrue();
        file.close();
    }

    /** The array has no synchronisation of its own. */
    @Test
    @Spec("C-158")
    void shouldShowWhatOpenDeviceWroteToWhoeverSeesTheFileGranted() throws Exception {
        var context = parts.context();
        var written = new int[1];
        var ops = parts.driver.ops(parts.machine.find("x"));
        try (var threads = Executors.newSingleThreadExecutor()) {
            for (int round = 1; round <= ROUNDS; round++) {
                int value = round;
                var file = parts.registry.openNode(0);
                ops.insideOpenOrClose = () -> written[0] = value;
                var seen = threads.submit(() -> {
                    while (!file.granted()) {
                        Thread.onSpinWait();
                    }
                    return written[0];
                });
                context.retain();
                file.bind(null, () -> context, id -> {});
                assertThat(seen.get())
                        .as("what a thread saw that saw the file granted")
                        .isEqualTo(value);
                ops.insideOpenOrClose = () -> {};
                file.close();
            }
        }
        assertThat(ops.violations).isEmpty();
    }
}
