// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code vfio4j run} as users start it: what passes through, what its options do, what it refuses. */
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RunIT {
    private static final Installed VFIO4J = Installed.complete();
    private static final long PATIENCE_SECONDS = 120;
    private static final String EDU = "0000:00:05.0";
    private static final String GROUP = "0";

    private static Installed.Answer sh(String script, String... options) throws IOException, InterruptedException {
        var arguments = new String[options.length + 5];
        arguments[0] = "run";
        System.arraycopy(options, 0, arguments, 1, options.length);
        System.arraycopy(new String[] {"--", "/bin/sh", "-c", script}, 0, arguments, options.length + 1, 4);
        return VFIO4J.run(arguments);
    }

    private static void refused(String reason, String... arguments) throws IOException, InterruptedException {
        var answer = VFIO4J.run(arguments);
        assertThat(answer.err())
                .singleElement()
                .asString()
                .startsWith("vfio4j: ")
                .contains(reason)
                .doesNotContain("Exception");
        assertThat(answer.out()).isEmpty();
        assertThat(answer.exitCode()).isEqualTo(2);
    }

    @Test
    void shouldPassInputOutputAndErrorThrough() throws IOException, InterruptedException {
        var process =
                new ProcessBuilder(VFIO4J.command("run", "--", "/bin/sh", "-c", "cat; echo wrong >&2; exit 7")).start();
        try (var in = process.getOutputStream()) {
            in.write("one\ntwo\n".getBytes(StandardCharsets.UTF_8));
        }
        assertThat(process.inputReader().lines()).containsExactly("one", "two");
        assertThat(process.errorReader().lines()).containsExactly("wrong");
        assertThat(process.waitFor()).isEqualTo(7);
    }

    @ParameterizedTest
    @CsvSource({"exit 0,0", "exit 255,255", "kill -9 $$,137", "kill -11 $$,139", "kill -15 $$,143", "kill -6 $$,134"})
    void shouldEndAsTheProgramEnds(String script, int code) throws IOException, InterruptedException {
        var answer = sh(script);
        assertThat(answer.err()).isEmpty();
        assertThat(answer.exitCode()).isEqualTo(code);
    }

    @ParameterizedTest
    @CsvSource({"TERM,15", "INT,2", "HUP,1", "USR1,10", "USR2,12", "CONT,18", "WINCH,28"})
    void shouldPassSignalsOn(String name, int number, @TempDir Path folder) throws IOException, InterruptedException {
        Path program = NativeSources.compile("relay", folder);
        var process = new ProcessBuilder(VFIO4J.command("run", "--", program.toString()))
                .redirectError(folder.resolve("err").toFile())
                .redirectInput(ProcessBuilder.Redirect.PIPE)
                .start();
        try (var lines = process.inputReader()) {
            assertThat(lines.readLine()).isEqualTo("ready");
            assertThat(new ProcessBuilder("/bin/sh", "-c", "kill -" + name + " " + process.pid())
                            .start()
                            .waitFor())
                    .isZero();
            assertThat(lines.readLine()).isEqualTo("got " + number);
        }
        assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(100 + number);
        assertThat(Files.readString(folder.resolve("err"))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"HUP", "USR1"})
    void shouldLeaveSignalsIgnoredThatWere(String name, @TempDir Path folder) throws IOException, InterruptedException {
        var command = VFIO4J.command("run", "--", "/bin/sh", "-c", "kill -" + name + " $$ $PPID; echo alive");
        var process = new ProcessBuilder("/bin/sh", "-c", "trap '' " + name + "; exec \"$@\"", "sh")
                .redirectError(folder.resolve("err").toFile());
        process.command().addAll(command);
        var started = process.start();
        try (var lines = started.inputReader()) {
            assertThat(lines.lines()).containsExactly("alive");
        }
        assertThat(started.waitFor()).isZero();
    }

    @Test
    void shouldEndWithTheProgramThatASignalKills(@TempDir Path folder) throws IOException, InterruptedException {
        var process = new ProcessBuilder(VFIO4J.command("run", "--", "/bin/sh", "-c", "echo ready; exec sleep 1000"))
                .redirectError(folder.resolve("err").toFile())
                .start();
        try (var lines = process.inputReader()) {
            assertThat(lines.readLine()).isEqualTo("ready");
            process.destroy(); // SIGTERM
            assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(process.exitValue()).isEqualTo(128 + 15);
    }

    @Test
    void shouldShowCallsAndReasonsWhenAsked(@TempDir Path folder) throws IOException, InterruptedException {
        Path program = NativeSources.compile("group", folder);
        var silent = VFIO4J.run("run", "--", program.toString(), EDU, GROUP);
        assertThat(silent.err()).isEmpty();
        assertThat(silent.exitCode()).isZero();
        var told = VFIO4J.run("run", "--trace", "--explain", "--", program.toString(), EDU, GROUP);
        assertThat(told.exitCode()).isZero();
        assertThat(told.err())
                .anyMatch(line -> line.matches("\\[\\d+] open\\(\"/dev/vfio/vfio\", O_RDWR\\) = 512"))
                .anyMatch(line -> line.contains("VFIO_IOMMU_MAP_DMA, {argsz=32, flags=3, vaddr=0x"))
                .last()
                .asString()
                .startsWith("vfio4j: last refusal: ioctl(")
                .contains("VFIO_IOMMU_MAP_DMA) = EEXIST (");
        assertThat(VFIO4J.run("run", "--explain", "--", "/bin/true").err())
                .containsExactly("vfio4j: no call was refused");
    }

    @Test
    void shouldTellWhatIsNotSupported(@TempDir Path folder) throws IOException, InterruptedException {
        Path program = NativeSources.compile("misuse", folder);
        var answer = VFIO4J.run("run", "--trace", "--", program.toString(), EDU, GROUP);
        assertThat(answer.exitCode()).isZero();
        assertThat(answer.err())
                .anyMatch(line ->
                        line.matches("\\[\\d+] ioctl\\(51\\d</dev/vfio/0>, ioctl 0x3bff, 0x0\\) = -1 ENOTTY \\(.+\\)"))
                .anyMatch(line -> line.matches(
                        "\\[\\d+] ioctl\\(51\\d<anon_inode:\\[vfio-device]>, VFIO_DEVICE_FEATURE.*ENOTTY \\(.+\\)"));
    }

    @Test
    void shouldHaveTheChosenBackendsOnly() throws IOException, InterruptedException {
        String look = "test -c /dev/vfio/vfio && echo container; test -c /dev/iommu && echo iommufd; true";
        assertThat(sh(look).out()).containsExactly("container", "iommufd");
        assertThat(sh(look, "--backend", "type1").out()).containsExactly("container");
        assertThat(sh(look, "--backend", "type1", "--backend", "iommufd").out())
                .containsExactly("container", "iommufd");
        refused(
                "there is no backend \"type9\" on the module path; known: ",
                "run",
                "--backend",
                "type9",
                "--",
                "/bin/true");
    }

    @Test
    void shouldServeAProgramWithItsOneBackend(@TempDir Path folder) throws IOException, InterruptedException {
        Path group = NativeSources.compile("group", folder);
        Path cdev = NativeSources.compile("cdev", folder);
        assertThat(VFIO4J.run("run", "--backend", "type1", "--", group.toString(), EDU, GROUP)
                        .exitCode())
                .isZero();
        assertThat(VFIO4J.run("run", "--backend", "iommufd", "--", cdev.toString(), EDU, GROUP)
                        .exitCode())
                .isZero();
        var refused = VFIO4J.run("run", "--backend", "iommufd", "--explain", "--", group.toString(), EDU, GROUP);
        assertThat(refused.exitCode()).isEqualTo(1);
        assertThat(refused.err()).last().asString().startsWith("vfio4j: last refusal: ioctl(");
    }

    @Test
    void shouldTakeOptionsOfBackends(@TempDir Path folder) throws IOException, InterruptedException {
        Path program = NativeSources.compile("group", folder);
        var answer = VFIO4J.run(
                "run", "--set", "type1.dma_entry_limit=0", "--explain", "--", program.toString(), EDU, GROUP);
        assertThat(answer.exitCode()).isEqualTo(1);
        assertThat(answer.err()).last().asString().contains("VFIO_IOMMU_MAP_DMA) = ENOSPC");
        var byKernelName = VFIO4J.run(
                "run",
                "--set",
                "vfio_iommu_type1.dma_entry_limit=7",
                "--",
                "cat",
                "/sys/module/vfio_iommu_type1/parameters/dma_entry_limit");
        assertThat(byKernelName.out()).containsExactly("7");
        refused("perhaps", "run", "--set", "core.enable_unsafe_noiommu_mode=perhaps", "--", "/bin/true");
        refused("no module \"tpye1\"; known: core, ", "run", "--set", "tpye1.x=1", "--", "/bin/true");
        refused("no such option; known: ids, ", "run", "--set", "vfio-pci.nointxmsk=1", "--", "/bin/true");
        refused("\"many\" is no number", "run", "--set", "type1.dma_entry_limit=many", "--", "/bin/true");
        refused("MODULE.NAME", "run", "--set", "nothing=1", "--", "/bin/true");
    }

    @Test
    void shouldRefuseWhatIsNoProgram(@TempDir Path folder) throws IOException, InterruptedException {
        refused("no/such/program cannot be started: there is no such program", "run", "--", "no/such/program");
        refused("cannot be started: permission denied", "run", "--", "/etc/passwd");
        refused("cannot be started: permission denied", "run", "--", folder.toString());
        refused("PROGRAM", "run");
        refused("PROGRAM", "run", "--");
        refused("none.json", "run", "--machine", "none.json", "--", "/bin/true");
        refused("--frobnicate", "run", "--frobnicate", "--", "/bin/true");
    }

    @Test
    void shouldRefuseBackendsForAMachineThatRunsAlready() throws IOException, InterruptedException {
        var answer = VFIO4J.run("backends", "then", "run", "--backend", "type1", "--", "/bin/true");
        assertThat(answer.err()).singleElement().asString().contains("only the first command can choose the machine");
        assertThat(answer.exitCode()).isEqualTo(2);
    }
}
