// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Memory of native programs that devices have: what is shared is held, what is private is not silently confused. */
class SharedMemoryTest {
    private static final String EDU = "0000:00:05.0";
    private static final String GROUP = "0";

    @RegisterExtension
    static final NativePrograms programs = new NativePrograms();

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    @Test
    void shouldHoldSharedMemoryWhateverBecomesOfTheProgramsMapping(TestReporter reporter)
            throws IOException, InterruptedException {
        var answer = programs.succeeds("shared", EDU, GROUP, folder.toString());
        answer.out().forEach(reporter::publishEntry);
    }

    @Test
    void shouldMapPagesOfFilesAndHandThemToAnotherProcess(TestReporter reporter)
            throws IOException, InterruptedException {
        programs.succeeds("mapfile", EDU).out().forEach(reporter::publishEntry);
    }

    @Test
    void shouldKnowWhichProcessesHaveTheSameMemory() throws IOException, InterruptedException {
        programs.succeeds("vfork", EDU, GROUP);
    }

    @Test
    void shouldNotGiveTheDeviceWhatCameInPlaceOfPrivateMemory() throws IOException, InterruptedException {
        programs.succeeds("private", EDU, GROUP);
    }
}
