// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.vfio4j.SysView;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Native programs on the default machine. */
class ProgramRunTest {
    private static final String EDU = "0000:00:05.0";
    private static final String GROUP = "0";

    @RegisterExtension
    static final NativePrograms programs = new NativePrograms();

    @Test
    void shouldMoveDataAndInterruptThroughTheGroupPath() throws IOException, InterruptedException {
        programs.succeeds("group", EDU, GROUP);
    }

    @Test
    void shouldMoveDataThroughTheCdevPath() throws IOException, InterruptedException {
        programs.succeeds("cdev", EDU, GROUP);
    }

    @Test
    void shouldMapRegistersThatBehaveLikeMemory() throws IOException, InterruptedException {
        programs.succeeds("map", "0000:01:00.0", "9");
    }

    @Test
    void shouldAnswerQuestionsAboutFilesAsAKernel() throws IOException, InterruptedException {
        programs.succeeds("paths", EDU, GROUP);
    }

    @Test
    void shouldKeepFilesOpenAsLongAsAnyProcessHasThem() throws IOException, InterruptedException {
        programs.succeeds("descriptors", EDU, GROUP);
    }

    @Test
    void shouldReleaseEverythingOfAKilledProgram() throws IOException, InterruptedException {
        Path program = programs.compile("killed");
        try (var vfio = NativePrograms.machine();
                var run = NativePrograms.intercept(vfio)) {
            for (int round = 0; round < 5; round++) {
                Process process = programs.start(run, program, EDU, GROUP, "loop");
                assertThat(process.inputReader().readLine()).isEqualTo("begun");
                assertThat(process.destroyForcibly().waitFor(60, TimeUnit.SECONDS))
                        .isTrue();
                NativePrograms.assertNothingIsLeft(vfio, run);
            }
        }
    }

    @Test
    void shouldReleaseEverythingOfAProgramThatExitsInTheMiddleOfAMap() throws IOException, InterruptedException {
        Path program = programs.compile("killed");
        try (var vfio = NativePrograms.machine();
                var run = NativePrograms.intercept(vfio)) {
            var answer = programs.run(run, program, EDU, GROUP, "exit");
            assertThat(answer.code()).isEqualTo(6);
            NativePrograms.assertNothingIsLeft(vfio, run);
        }
    }

    @Test
    void shouldCloseWhatARunningProgramHasOpenWhenTheRunIsClosed() throws IOException, InterruptedException {
        Path program = programs.compile("killed");
        try (var vfio = NativePrograms.machine()) {
            Process process;
            try (var run = NativePrograms.intercept(vfio)) {
                process = programs.start(run, program, EDU, GROUP, "loop");
                assertThat(process.inputReader().readLine()).isEqualTo("begun");
            }
            vfio.openGroup(Integer.parseInt(GROUP)).close();
            assertThat(vfio.pinnedPages()).isZero();
            process.destroyForcibly().waitFor();
        }
    }

    @Test
    void shouldPassExitCodesAndSignalsOn() throws IOException, InterruptedException {
        try (var vfio = NativePrograms.machine();
                var run = NativePrograms.intercept(vfio)) {
            assertThat(programs.run(run, Path.of("/bin/sh"), "-c", "exit 42").code())
                    .isEqualTo(42);
            assertThat(programs.run(run, Path.of("/bin/sh"), "-c", "kill -9 $$").code())
                    .isEqualTo(128 + 9);
        }
    }

    @Test
    void shouldShowTheTreeToPrograms() throws IOException, InterruptedException {
        try (var vfio = NativePrograms.machine();
                var run = NativePrograms.intercept(vfio)) {
            var answer = programs.run(
                    run,
                    Path.of("/bin/sh"),
                    "-c",
                    "cat /sys/bus/pci/devices/0000:00:05.0/vendor; readlink /sys/bus/pci/devices/0000:00:05.0/iommu_group;"
                            + " ls /dev/vfio/devices | head -1; test -c /dev/vfio/vfio && echo node");
            assertThat(answer.out()).containsExactly("0x1234", "../../../kernel/iommu_groups/0", "vfio0", "node");
        }
    }

    @Test
    void shouldWriteAttributesOfAShell() throws IOException, InterruptedException {
        try (var vfio = NativePrograms.machine();
                var run = NativePrograms.intercept(vfio)) {
            var answer = programs.run(
                    run,
                    Path.of("/bin/sh"),
                    "-c",
                    "echo 0000:00:05.0 > /sys/bus/pci/drivers/vfio-pci/unbind; ls /dev/vfio/0 2>/dev/null || echo unbound");
            assertThat(answer.out()).containsExactly("unbound");
            assertThat(vfio.device(EDU).driver()).isEmpty();
        }
    }

    @Test
    void shouldTakeEachWriteOfAShellThatKeepsAnAttributeOpen() throws IOException, InterruptedException {
        try (var vfio = NativePrograms.machine();
                var run = NativePrograms.intercept(vfio)) {
            String device = "/sys/bus/pci/devices/0000:00:05.0/driver_override";
            var answer = programs.run(
                    run,
                    Path.of("/bin/sh"),
                    "-c",
                    "exec >" + device + "; for name in one two three; do echo $name; cat " + device + " >&2; done");
            assertThat(answer.err().lines()).containsExactly("one", "two", "three");
            assertThat(answer.code()).isZero();
            assertThat(run.openFiles()).isZero();
        }
    }

    @Test
    void shouldTellEachCallAndWhyItWasRefused() throws IOException, InterruptedException {
        Path program = programs.compile("group");
        List<String> lines = Collections.synchronizedList(new ArrayList<>());
        try (var vfio = NativePrograms.machine();
                var probe = NativePrograms.intercept(vfio)) {
            assertThat(probe.lastRefusal()).isEmpty();
            try (var run = new ProgramRun(vfio, Optional.of(lines::add), SysView.AUTO)) {
                programs.run(run, program, EDU, GROUP);
                assertThat(run.lastRefusal())
                        .hasValueSatisfying(text ->
                                assertThat(text).contains("VFIO_IOMMU_MAP_DMA").contains("EEXIST"));
            }
        }
        assertThat(lines).anyMatch(line -> line.contains("VFIO_IOMMU_MAP_DMA, {argsz=32, flags=3, vaddr=0x"));
        assertThat(lines).anyMatch(line -> line.contains("open(\"/dev/vfio/0\", O_RDWR)") && line.contains("EBUSY"));
    }

    @Test
    void shouldRefuseAFileThatIsNoProgram() {
        try (var vfio = NativePrograms.machine();
                var run = NativePrograms.intercept(vfio)) {
            assertThatExceptionOfType(VfioException.class)
                    .isThrownBy(() -> run.start(new ProcessBuilder("/etc/passwd")))
                    .withMessage("/etc/passwd cannot be started: permission denied")
                    .satisfies(refused -> assertThat(refused.errno()).isEqualTo(Errno.EACCES));
        }
    }

    @Test
    void shouldRefuseAProgramThatIsNotThere() {
        try (var vfio = NativePrograms.machine();
                var run = NativePrograms.intercept(vfio)) {
            assertThatThrownBy(() -> run.start(new ProcessBuilder("/no/such/program")))
                    .isInstanceOf(VfioException.class)
                    .hasMessageContaining("/no/such/program");
        }
    }
}
