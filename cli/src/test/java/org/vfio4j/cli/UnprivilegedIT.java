// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * {@code vfio4j run} as a user without any right: no capability, no group, no folder of its own. When the tests run as root they
 * become such a user with {@code setpriv}; otherwise they run as who they are.
 */
class UnprivilegedIT {
    private static final Installed VFIO4J = Installed.complete();
    private static final String NOBODY = "65534";
    private static final String EDU = "0000:00:05.0";
    private static final String GROUP = "0";

    private record Answer(int code, List<String> out, String err) {}

    private static List<String> asNobody(List<String> command) throws IOException {
        var all = new ArrayList<String>();
        if ((int) Files.getAttribute(Path.of("/proc/self"), "unix:uid") == 0) {
            all.addAll(List.of(
                    "setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups", "--bounding-set=-all"));
        }
        all.addAll(command);
        return all;
    }

    private static Answer run(Path folder, List<String> command) throws IOException, InterruptedException {
        Path err = folder.resolve("err");
        var builder = new ProcessBuilder(asNobody(command))
                .redirectError(err.toFile())
                .directory(new java.io.File("/"));
        builder.environment().put("HOME", "/nonexistent");
        var process = builder.start();
        process.getOutputStream().close();
        List<String> out = process.inputReader().lines().toList();
        return new Answer(process.waitFor(), out, Files.readString(err));
    }

    /**
     * The same with a {@code /dev/fuse} for everybody, as many systems have it: where there is none, root makes one in a mount
     * namespace of the test's own.
     */
    private static List<String> withFuse(Path folder, List<String> command) throws IOException, InterruptedException {
        if ((int) Files.getAttribute(Path.of("/proc/self"), "unix:uid") != 0) {
            return command;
        }
        Path node = folder.resolve("fuse");
        var all = new ArrayList<>(List.of(
                "unshare",
                "--mount",
                "/bin/sh",
                "-c",
                "mount --bind \"$0\" /dev/fuse && exec \"$@\"",
                node.toString()));
        all.addAll(asNobody(command));
        int made = new ProcessBuilder("mknod", "--mode=666", node.toString(), "c", "10", "229")
                .start()
                .waitFor();
        assumeTrue(made == 0, "skipped: no node of FUSE can be made");
        return all;
    }

    private static Answer runMounted(Path folder, List<String> command) throws IOException, InterruptedException {
        open(folder);
        Path err = folder.resolve("err");
        var process = new ProcessBuilder(withFuse(folder, command))
                .redirectError(err.toFile())
                .directory(folder.toFile())
                .start();
        process.getOutputStream().close();
        List<String> out = process.inputReader().lines().toList();
        var answer = new Answer(process.waitFor(), out, Files.readString(err));
        assumeTrue(
                answer.code() != 2 || !answer.err().contains("cannot be mounted for the program"),
                () -> "skipped: " + answer.err());
        return answer;
    }

    @Test
    void shouldMountInAUserNamespace(@TempDir Path folder) throws IOException, InterruptedException {
        var answer = runMounted(
                folder,
                VFIO4J.command(
                        "run",
                        "--sys",
                        "mount",
                        "--",
                        "/bin/sh",
                        "-c",
                        "pwd; id -u; cd /dev/vfio && chmod 640 0 && stat -c '%F %a %u' 0; exec 3<> vfio && readlink /proc/$$/fd/3;"
                                + " test -c /dev/null && cat /dev/null; cat /sys/bus/pci/devices/" + EDU + "/vendor;"
                                + " mkdir new 2>/dev/null || echo refused"));
        assertThat(answer.err()).isEmpty();
        String uid = answer.out().get(1);
        assertThat(answer.out())
                .containsExactly(
                        folder.toRealPath().toString(),
                        uid,
                        "character special file 640 " + uid,
                        "/dev/vfio/vfio",
                        "0x1234",
                        "refused");
        assertThat(uid).isNotEqualTo("0");
        assertThat(answer.code()).isZero();
    }

    @ParameterizedTest
    @CsvSource({"group", "cdev", "shim", "moved", "threads"})
    void shouldRunProgramsInAUserNamespace(String name, @TempDir Path folder) throws IOException, InterruptedException {
        Path program = NativeSources.compile(name, folder);
        var answer = runMounted(folder, VFIO4J.command("run", "--sys", "mount", "--", program.toString(), EDU, GROUP));
        assertThat(answer.err()).isEmpty();
        assertThat(answer.code()).isZero();
    }

    @Test
    void shouldChangeNodesInAUserNamespace(@TempDir Path folder) throws IOException, InterruptedException {
        Path program = NativeSources.compile("nodes", folder);
        var answer = runMounted(
                folder, VFIO4J.command("run", "--sys", "mount", "--", program.toString(), EDU, GROUP, "mounted"));
        assertThat(answer.err()).isEmpty();
        assertThat(answer.out()).containsExactly("fine");
    }

    /** What keeps such a user from starting anything is not what is tested here. */
    @BeforeAll
    static void needAccess() throws InterruptedException {
        var needed = List.of(Path.of(System.getProperty("java.home"), "bin", "java"), VFIO4J.modules());
        try {
            for (Path path : needed) {
                int code = new ProcessBuilder(
                                asNobody(List.of("/bin/sh", "-c", "test -r \"$0\" && test -x \"$0\"", path.toString())))
                        .start()
                        .waitFor();
                assumeTrue(code == 0, () -> "skipped: an unprivileged user may not read " + path);
            }
        } catch (IOException e) {
            assumeTrue(false, "skipped: no setpriv to become an unprivileged user: " + e.getMessage());
        }
    }

    private static void open(Path folder) throws IOException {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    @Test
    void shouldBeSomebodyWithoutRights(@TempDir Path folder) throws IOException, InterruptedException {
        var answer = run(
                folder,
                List.of(
                        "/bin/sh",
                        "-c",
                        "id -u; grep CapEff /proc/self/status; test -w \"$0\" || echo no",
                        VFIO4J.modules().toString()));
        assertThat(answer.out().getFirst()).isNotEqualTo("0");
        assertThat(answer.out().get(1)).endsWith("0000000000000000");
        assertThat(answer.err()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"group", "cdev", "shim", "descriptors", "misuse", "misuse-cdev", "moved", "threads"})
    void shouldRunPrograms(String name, @TempDir Path folder) throws IOException, InterruptedException {
        open(folder);
        Path program = NativeSources.compile(name, folder);
        var answer = run(folder, VFIO4J.command("run", "--", program.toString(), EDU, GROUP));
        assertThat(answer.err()).isEmpty();
        assertThat(answer.code()).isZero();
    }

    @Test
    void shouldRunProgramsWithChildren(@TempDir Path folder) throws IOException, InterruptedException {
        open(folder);
        Path program = NativeSources.compile("forks", folder);
        var answer = run(folder, VFIO4J.command("run", "--", program.toString(), EDU, GROUP, "0000:01:00.0", "9"));
        assertThat(answer.err()).isEmpty();
        assertThat(answer.code()).isZero();
    }

    @Test
    void shouldLetAShellChangeTheMachine(@TempDir Path folder) throws IOException, InterruptedException {
        var answer = run(
                folder,
                VFIO4J.command(
                        "run",
                        "--",
                        "/bin/sh",
                        "-c",
                        "cat /sys/bus/pci/devices/0000:00:05.0/vendor; readlink /sys/bus/pci/devices/0000:00:05.0/iommu_group;"
                                + " echo 0000:00:05.0 > /sys/bus/pci/drivers/vfio-pci/unbind;"
                                + " ls /dev/vfio/0 2>/dev/null || echo unbound"));
        assertThat(answer.err()).isEmpty();
        assertThat(answer.out()).containsExactly("0x1234", "../../../kernel/iommu_groups/0", "unbound");
        assertThat(answer.code()).isZero();
    }

    @Test
    void shouldHoldProgramsToTheirLimitOfLockedMemory(@TempDir Path folder) throws IOException, InterruptedException {
        open(folder);
        Path program = NativeSources.compile("group", folder);
        var command = VFIO4J.command("run", "--explain", "--", program.toString(), EDU, GROUP);
        var limited = new ArrayList<>(List.of("/bin/sh", "-c", "ulimit -l 512 && exec \"$0\" \"$@\""));
        limited.addAll(command);
        var answer = run(folder, limited);
        assertThat(answer.code()).isEqualTo(1);
        assertThat(answer.err()).contains("VFIO_IOMMU_MAP_DMA) = ENOMEM (");
    }

    @Test
    void shouldStartByTheLauncher(@TempDir Path folder) throws IOException, InterruptedException {
        Path launcher = NativeSources.project().resolve("vfio4j");
        var answer = run(
                folder,
                List.of(launcher.toString(), "run", "--", "/bin/sh", "-c", "test -c /dev/vfio/vfio && echo there"));
        assertThat(answer.err()).isEmpty();
        assertThat(answer.out()).containsExactly("there");
        assertThat(answer.code()).isZero();
    }
}
