// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Descriptors of the machine's files in programs: where they are, how many there are, and when they are gone. */
class DescriptorsTest {
    /** With so many files each they have more than a queue of inotify holds by default. */
    private static final String PROCESSES = "5";

    private static final String FILES = "4000";

    /** What the program answers when it may not have so many descriptors. */
    private static final int TOO_FEW = 77;

    @RegisterExtension
    static final NativePrograms programs = new NativePrograms();

    @Test
    void shouldRefuseReadsAndWritesThatAreNotSeen() throws IOException, InterruptedException {
        Path program = programs.compile("moved");
        List<String> lines = Collections.synchronizedList(new ArrayList<>());
        try (var vfio = NativePrograms.machine();
                var run = NativePrograms.intercept(vfio, Optional.of(lines::add))) {
            var answer = programs.run(run, program, "0000:00:05.0", "0");
            assertThat(answer.err()).isEmpty();
            assertThat(answer.code()).isZero();
            assertThat(run.openFiles()).isZero();
        }
        assertThat(lines)
                .anyMatch(line ->
                        line.contains("dup(") && line.contains(" to 5: plain read and write of 5 will be EBADF"))
                .anyMatch(line -> line.contains(" to 1500: plain read and write of 1500 will be EBADF"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"close", "exit", "kill"})
    void shouldNoticeThatMoreFilesAreClosedAtOnceThanAQueueHolds(String how) throws IOException, InterruptedException {
        Path program = programs.compile("many");
        try (var vfio = NativePrograms.machine();
                var run = NativePrograms.intercept(vfio)) {
            var answer = programs.run(run, program, PROCESSES, FILES, how);
            assumeTrue(answer.code() != TOO_FEW, "skipped: programs may not open " + FILES + " files here");
            assertThat(answer.err()).as("%s", run.lastRefusal()).isEmpty();
            assertThat(answer.code()).isZero();
            assertThat(run.openFiles()).as("files left open").isZero();
        }
    }
}
