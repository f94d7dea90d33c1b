// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;

/** Memory of native programs that devices have: what is shared is held, what is private is not silently confused. */
class SharedMemoryTest {
    private static final String EDU = "0000:00:05.0";
    private static final String GROUP = "0";

    @SuppressWarnings("NullAway.Init")
    private static NativePrograms programs;

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    @BeforeAll
    static void makeFolder() throws IOException {
        programs = new NativePrograms();
    }

    @AfterAll
    static void deleteFolder() throws IOException {
        programs.close();
    }

    private NativePrograms.Answer succeeds(String name, String... arguments) throws IOException, InterruptedException {
        Path program = programs.compile(name);
        try (var vfio = NativePrograms.machine();
                var run = NativePrograms.intercept(vfio)) {
            var answer = programs.run(run, program, arguments);
            assertThat(answer.err()).isEmpty();
            assertThat(answer.code()).isZero();
            assertThat(run.openFiles()).as("files left open").isZero();
            assertThat(vfio.pinnedPages()).as("pages left pinned").isZero();
            assertThat(run.mappedFiles()).as("files left mapped").isZero();
            return answer;
        }
    }

    @Test
    void shouldHoldSharedMemoryWhateverBecomesOfTheProgramsMapping(TestReporter reporter)
            throws IOException, InterruptedException {
        var answer = succeeds("shared", EDU, GROUP, folder.toString());
        answer.out().forEach(reporter::publishEntry);
    }

    @Test
    void shouldMapPagesOfFilesAndHandThemToAnotherProcess(TestReporter reporter)
            throws IOException, InterruptedException {
        succeeds("mapfile", EDU).out().forEach(reporter::publishEntry);
    }

    @Test
    void shouldKnowWhichProcessesHaveTheSameMemory() throws IOException, InterruptedException {
        succeeds("vfork", EDU, GROUP);
    }

    @Test
    void shouldNotGiveTheDeviceWhatCameInPlaceOfPrivateMemory() throws IOException, InterruptedException {
        succeeds("private", EDU, GROUP);
    }
}
