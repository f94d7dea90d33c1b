// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.vfio4j.testing.Spec;

/** Native programs that map registers: doorbells ring, and registers that are taken away are gone. Spec: pci §11. */
class MappedRegistersTest {
    private static final String MACHINE = "machines/registers.json";
    private static final String QUEUE = "0000:00:05.0";
    private static final String QUEUE_GROUP = "5";
    private static final String CARD = "0000:01:00.0";
    private static final String CARD_GROUP = "9";

    @RegisterExtension
    static final NativePrograms programs = new NativePrograms();

    private static void succeeds(String name, String... arguments) throws IOException, InterruptedException {
        try (var vfio = NativePrograms.machine(MACHINE)) {
            programs.succeeds(vfio, name, arguments);
        }
    }

    @Test
    void shouldCarryOutCommandsOfMappedQueues() throws IOException, InterruptedException {
        succeeds("queue", QUEUE, QUEUE_GROUP);
    }

    @Test
    @Spec({"P-080", "P-153"})
    void shouldRaiseBusErrorsWhileDecodingIsOff() throws IOException, InterruptedException {
        succeeds("revoke", CARD, CARD_GROUP, "decoding");
    }

    @Test
    @Spec("P-154")
    void shouldShowResetValuesInTheSameMapping() throws IOException, InterruptedException {
        succeeds("revoke", CARD, CARD_GROUP, "reset");
    }

    @Test
    @Spec("P-222")
    void shouldRaiseBusErrorsWhileAsleep() throws IOException, InterruptedException {
        succeeds("revoke", CARD, CARD_GROUP, "power");
    }

    @Test
    void shouldLoseNoWriteOfACallWhileAThreadStoresAndMemoryComesAndGoes() throws IOException, InterruptedException {
        succeeds("revoke", CARD, CARD_GROUP, "stress");
    }

    @Test
    void shouldKeepTheMappingOfADeviceThatIsToBeUnbound() throws IOException, InterruptedException {
        succeeds("revoke", CARD, CARD_GROUP, "unbind");
    }

    @Test
    void shouldRaiseBusErrorsInAProgramThatIsLeftBehind() throws IOException, InterruptedException {
        Path program = programs.compile("revoke");
        Process process;
        try (var vfio = NativePrograms.machine(MACHINE);
                var run = NativePrograms.intercept(vfio)) {
            process = programs.start(run, program, CARD, CARD_GROUP, "gone");
            assertThat(process.inputReader().readLine()).isEqualTo("mapped");
        }
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("the program ends").isTrue();
        assertThat(process.exitValue()).as("exit code after a bus error").isEqualTo(7);
    }
}
