// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.vfio4j.core.memory.FrameTable;
import org.vfio4j.ffm.LinuxFiles;
import org.vfio4j.ffm.LinuxPaths;
import org.vfio4j.ffm.LinuxPidfd;
import org.vfio4j.ffm.LinuxProcess;
import org.vfio4j.runner.file.Handles;
import org.vfio4j.runner.file.LateWrites;
import org.vfio4j.runner.watch.Watch;

/** This process plays the program. */
class TasksTest {
    private static final int O_DIRECTORY = LinuxPaths.O_RDONLY | LinuxPaths.O_DIRECTORY | LinuxPaths.O_CLOEXEC;

    @Test
    void shouldTakeNothingElseForAThreadOrProcessThatIsForgotten() {
        try (var arena = Arena.ofConfined();
                var watch = new Watch();
                var lateWrites = new LateWrites((path, reason) -> {});
                var handles = new Handles(watch, lateWrites)) {
            int own = LinuxProcess.getpid();
            var scratch = arena.allocate(4096);
            var tasks = new Tasks(new FrameTable(), handles, watch);
            Task task = requireNonNull(tasks.of(own, scratch));
            assertThat(task.alive(scratch)).isTrue();
            tasks.close();
            // Some of these get the numbers that stood for the thread and its process.
            var others = IntStream.range(0, 96)
                    .map(i -> switch (i % 3) {
                        case 0 -> LinuxPaths.open("/proc/" + own, O_DIRECTORY, 0);
                        case 1 ->
                            LinuxPaths.open("/proc/" + own + "/mem", LinuxPaths.O_RDONLY | LinuxPaths.O_CLOEXEC, 0);
                        default -> LinuxPidfd.open(own);
                    })
                    .toArray();
            assertThat(task.alive(scratch)).as("the thread, by a number reused").isFalse();
            assertThat(task.process().share(0))
                    .as("a file of the process, by a number reused")
                    .isNegative();
            assertThat(task.process().running())
                    .as("the process, by a number reused")
                    .isFalse();
            assertThat(task.process().memory().isCurrent())
                    .as("its memory, by a number reused")
                    .isFalse();
            assertThat(tasks.of(own, scratch))
                    .as("a thread that calls after the end")
                    .isNull();
            IntStream.of(others).forEach(LinuxFiles::close);
        }
    }
}
