// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Threads, children, signals and ends of programs: nothing is lost, done twice or left behind. */
class ProgramLifeTest {
    private static final String EDU = "0000:00:05.0";
    private static final String GROUP = "0";

    /** A device whose registers can be mapped, and its group. */
    private static final String MAPPABLE = "0000:01:00.0";

    private static final String MAPPABLE_GROUP = "9";
    private static final int KILLED = 128 + 9;
    private static final long PATIENCE_MILLISECONDS = 60_000;

    @RegisterExtension
    static final NativePrograms programs = new NativePrograms();

    @Test
    void shouldServeTheShimLikeAContainer() throws IOException, InterruptedException {
        programs.succeeds("shim", EDU, GROUP);
    }

    @Test
    void shouldAnswerManyThreadsEachItsOwnAnswer() throws IOException, InterruptedException {
        programs.succeeds("threads", EDU, GROUP);
    }

    @Test
    void shouldShareFilesWithChildrenHoweverTheyEnd() throws IOException, InterruptedException {
        programs.succeeds("forks", EDU, GROUP, MAPPABLE, MAPPABLE_GROUP);
    }

    @Test
    void shouldDoEachCallOnceInAStormOfSignals() throws IOException, InterruptedException {
        programs.succeeds("signals", EDU, GROUP);
    }

    @ParameterizedTest
    @CsvSource({"exit,5", "_exit,5", "abort,134", "segmentation,139", "kill,137", "xec,5"})
    void shouldReleaseEverythingOfAProgramThatEndsWhileItMaps(String how, int code)
            throws IOException, InterruptedException {
        Path program = programs.compile("exits");
        try (var vfio = NativePrograms.machine();
                var run = NativePrograms.intercept(vfio)) {
            for (int round = 0; round < 4; round++) { // on the same machine: what the last one left would show
                var answer = programs.run(run, program, EDU, GROUP, how);
                assertThat(answer.err()).isEmpty();
                assertThat(answer.out()).containsExactly("begun");
                assertThat(answer.code()).isEqualTo(code);
                NativePrograms.assertNothingIsLeft(vfio, run);
            }
        }
    }

    @Test
    void shouldReleaseEverythingOfAProgramThatIsKilledWhileItMaps() throws IOException, InterruptedException {
        Path program = programs.compile("exits");
        try (var vfio = NativePrograms.machine();
                var run = NativePrograms.intercept(vfio)) {
            for (int round = 0; round < 4; round++) {
                Process process = programs.start(run, program, EDU, GROUP, "wait");
                assertThat(process.inputReader().readLine()).isEqualTo("begun");
                assertThat(process.destroyForcibly().waitFor(60, TimeUnit.SECONDS))
                        .isTrue();
                assertThat(process.exitValue()).isEqualTo(KILLED);
                NativePrograms.assertNothingIsLeft(vfio, run);
            }
        }
    }

    @Test
    void shouldLeaveNoDescriptorNoFolderAndNoChildBehind() throws IOException, InterruptedException {
        Path program = programs.compile("exits");
        try (var vfio = NativePrograms.machine()) {
            for (int round = 0; round < 3; round++) {
                Path folder;
                try (var run = NativePrograms.intercept(vfio)) {
                    assertThat(programs.run(run, program, EDU, GROUP, "exit").code())
                            .isEqualTo(5);
                    folder = run.folder();
                    assertThat(descriptorsNaming(folder)).isPositive();
                }
                assertThat(folder).doesNotExist();
                assertThat(descriptorsNaming(folder))
                        .as("descriptors of the run")
                        .isZero();
            }
            assertThat(ProcessHandle.current().children().filter(child -> isZombie(child.pid())))
                    .as("children that nobody waited for")
                    .isEmpty();
        }
    }

    @Test
    void shouldLeaveNoThreadBehind() throws IOException, InterruptedException {
        Path program = programs.compile("threads");
        try (var vfio = NativePrograms.machine();
                var possible = NativePrograms.intercept(vfio)) {
            assertThat(possible.openFiles()).isZero();
        }
        // Threads belong to the group of who started them.
        var group = new ThreadGroup("a run");
        var seen = new CompletableFuture<Integer>();
        var user = new Thread(group, () -> {
            try (var vfio = NativePrograms.machine();
                    var run = NativePrograms.intercept(vfio)) {
                assertThat(programs.run(run, program, EDU, GROUP).code()).isZero();
                seen.complete(group.activeCount());
            } catch (Exception | Error e) {
                seen.completeExceptionally(e);
            }
        });
        user.start();
        user.join();
        assertThat(seen).as("threads while it runs").isCompletedWithValueMatching(threads -> threads > 3);
        var left = new Thread[group.activeCount() + 1];
        int count = group.enumerate(left);
        for (int i = 0; i < count; i++) {
            left[i].join(PATIENCE_MILLISECONDS);
            assertThat(left[i].isAlive()).as("%s is left", left[i]).isFalse();
        }
    }

    private static long descriptorsNaming(Path folder) throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.filter(fd -> {
                        try {
                            return Files.readSymbolicLink(fd).startsWith(folder);
                        } catch (IOException closedMeanwhile) {
                            return false;
                        }
                    })
                    .count();
        }
    }

    private static boolean isZombie(long pid) {
        try {
            return Files.readString(Path.of("/proc/" + pid + "/stat")).contains(") Z ");
        } catch (IOException gone) {
            return false;
        }
    }
}
