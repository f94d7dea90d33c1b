// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A native program that sends commands to a management complex and uses what it makes by them. */
@Timeout(180)
class McProgramTest {
    @SuppressWarnings("NullAway.Init")
    private static NativePrograms programs;

    @BeforeAll
    static void makeFolder() throws IOException {
        programs = new NativePrograms();
    }

    @AfterAll
    static void deleteFolder() throws IOException {
        programs.close();
    }

    @Test
    void shouldTakeCommandsAndShowWhatTheyMake() throws IOException, InterruptedException {
        Path program = programs.compile("complex");
        List<String> lines = Collections.synchronizedList(new ArrayList<>());
        try (var vfio = NativePrograms.machine("complex.json");
                var run = NativePrograms.intercept(vfio, Optional.of(lines::add))) {
            var answer = programs.run(run, program);
            assertThat(answer.err()).isEmpty();
            assertThat(answer.code()).isZero();
            assertThat(answer.out()).containsExactly("fine");
            assertThat(run.openFiles()).as("files left open").isZero();
        }
        assertThat(lines)
                .as("commands are shown as what they say")
                .anyMatch(line ->
                        line.contains("FSL_MC_SEND_MC_COMMAND, {command=0x8301, token=0, status=0, params=[0x1]}"))
                .as("each refusal has its reason")
                .anyMatch(line -> line.contains("command=0x51") && line.contains("not among those that users may send"))
                .anyMatch(line -> line.contains("/dev/dprc.1") && line.contains("ENXIO"));
    }
}
