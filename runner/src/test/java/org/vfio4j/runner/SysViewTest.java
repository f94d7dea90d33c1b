// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.vfio4j.SysView;
import org.vfio4j.Vfio;
import org.vfio4j.runner.file.StartGate;
import org.vfio4j.runner.fuse.FuseClients;
import org.vfio4j.runner.mount.MountedTree;
import org.vfio4j.runner.mount.UserNamespaces;
import org.vfio4j.runner.path.NodeChanges;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** The machine's part of {@code /sys}, mounted for the program and by intercepted calls. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SysViewTest {
    private static final String EDU = "0000:00:05.0";
    private static final String OTHER = "0000:01:00.0";
    private static final String UUID = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1077";
    private static final int WALKERS = 16;

    @RegisterExtension
    static final NativePrograms programs = new NativePrograms();

    private static NativePrograms.Answer shell(Vfio vfio, SysView view, String script)
            throws IOException, InterruptedException {
        try (var run = NativePrograms.intercept(vfio, view)) {
            var answer = programs.run(run, Path.of("/bin/sh"), "-c", script);
            assertThat(run.openFiles()).as("files left open").isZero();
            return answer;
        }
    }

    private static NativePrograms.Answer shell(SysView view, String script) throws IOException, InterruptedException {
        try (var vfio = NativePrograms.machine()) {
            return shell(vfio, view, script);
        }
    }

    private static List<String> names(String directory) throws IOException {
        try (Stream<Path> entries = Files.list(Path.of(directory))) {
            return entries.map(entry -> entry.getFileName().toString()).toList();
        }
    }

    private static List<String> mounts() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/mountinfo"));
    }

    @ParameterizedTest
    @EnumSource(names = {"MOUNT", "INTERCEPT"})
    void shouldReadWriteAndListAttributes(SysView view) throws IOException, InterruptedException {
        Path program = programs.compile("attributes");
        try (var vfio = NativePrograms.machine();
                var run = NativePrograms.intercept(vfio, view)) {
            var answer = programs.run(run, program, EDU);
            assertThat(answer.err()).isEmpty();
            assertThat(answer.code()).isZero();
            assertThat(answer.out()).containsExactly("fine");
            assertThat(run.openFiles()).as("files left open").isZero();
            assertThat(vfio.device(EDU).driver()).contains("vfio-pci");
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"MOUNT", "INTERCEPT"})
    void shouldShowBothSidesOfSharedDirectories(SysView view) throws IOException, InterruptedException {
        for (String directory : List.of("/sys/bus", "/sys/class", "/sys/kernel", "/dev")) {
            var here = shell(view, "ls -U " + directory).out();
            assertThat(here)
                    .as("names in %s", directory)
                    .doesNotHaveDuplicates()
                    .containsAll(names(directory));
        }
        assertThat(shell(view, "ls /sys/bus").out()).contains("mdev", "pci", "platform");
        assertThat(shell(view, "ls /dev").out()).contains("vfio", "iommu", "null");
        assertThat(shell(view, "cat /sys/kernel/uevent_seqnum; cat /dev/null; test -c /dev/null && echo node")
                        .out())
                .hasSize(2)
                .last()
                .isEqualTo("node");
    }

    @ParameterizedTest
    @EnumSource(names = {"MOUNT", "INTERCEPT"})
    void shouldFollowLinksAndFindFiles(SysView view) throws IOException, InterruptedException {
        String device = "/sys/bus/pci/devices/" + EDU;
        assertThat(shell(view, "readlink -f " + device + "/iommu_group").out())
                .containsExactly("/sys/kernel/iommu_groups/0");
        assertThat(shell(view, "cat " + device + "/../../../devices/pci0000:00/" + EDU + "/device")
                        .out())
                .containsExactly("0x11e8");
        assertThat(shell(view, "find /sys/kernel/iommu_groups/0 -name '0000*'").out())
                .containsExactly("/sys/kernel/iommu_groups/0/devices/" + EDU);
    }

    @Test
    void shouldLetAProgramWorkInsideTheTree() throws IOException, InterruptedException {
        assertThat(shell(
                                SysView.MOUNT,
                                "cd /sys/bus/pci/devices/" + EDU + " && cat vendor && pwd -P && cd -P ../../../bus/acpi"
                                        + " && test -e ../pci/drivers/vfio-pci/bind && pwd")
                        .out())
                .containsExactly("0x1234", "/sys/devices/pci0000:00/" + EDU, "/sys/bus/acpi");
    }

    @Test
    void shouldTellAShellThatAnAttributeRefused() throws IOException, InterruptedException {
        try (var vfio = NativePrograms.machine()) {
            var lines = Collections.synchronizedList(new ArrayList<String>());
            NativePrograms.intercept(vfio, SysView.MOUNT).close(); // or it is skipped
            try (var run = new ProgramRun(vfio, Optional.of(lines::add), SysView.MOUNT)) {
                var answer = programs.run(
                        run, Path.of("/bin/sh"), "-c", "echo nobody > /sys/bus/pci/drivers/vfio-pci/bind || echo told");
                assertThat(answer.out()).containsExactly("told");
                assertThat(run.lastRefusal())
                        .hasValueSatisfying(text -> assertThat(text)
                                .startsWith("write(</sys/bus/pci/drivers/vfio-pci/bind>, 7 bytes) = ENODEV (")
                                .contains("nobody"));
            }
            assertThat(lines).first().asString().startsWith("vfio4j: /sys and /dev are mounted in ");
            assertThat(lines)
                    .anyMatch(line ->
                            line.contains("] write(</sys/bus/pci/drivers/vfio-pci/bind>, 7 bytes) = -1 ENODEV ("));
        }
    }

    @Test
    void shouldLetAShellChangeTheMachine() throws IOException, InterruptedException {
        String driver = "/sys/bus/pci/drivers/vfio-pci";
        String type = "/sys/class/mdev_bus/mtty/mdev_supported_types/mtty-1";
        try (var vfio = NativePrograms.machine()) {
            var answer = shell(
                    vfio,
                    SysView.MOUNT,
                    "set -e; cd /sys/bus/pci/devices; echo " + EDU + " > " + driver + "/unbind; test ! -e " + EDU
                            + "/driver; echo vfio-pci > " + EDU + "/driver_override; echo " + EDU
                            + " > ../drivers_probe; readlink " + EDU + "/driver; echo " + UUID + " > " + type
                            + "/create; cat /sys/bus/mdev/devices/" + UUID
                            + "/mdev_type/name; echo 1 > /sys/bus/mdev/devices/"
                            + UUID + "/remove; test ! -e /sys/bus/mdev/devices/" + UUID);
            assertThat(answer.err()).isEmpty();
            assertThat(answer.code()).isZero();
            assertThat(answer.out()).hasSize(2).first().isEqualTo("../../../bus/pci/drivers/vfio-pci");
            assertThat(vfio.device(EDU).driver()).contains("vfio-pci");
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"MOUNT", "INTERCEPT"})
    void shouldSurviveWalkersWhileDevicesComeAndGo(SysView view) throws IOException, InterruptedException {
        try (var vfio = NativePrograms.machine()) {
            var answer = shell(
                    vfio,
                    view,
                    "echo vfio-pci > /sys/bus/pci/devices/" + EDU + "/driver_override; i=0; while [ $i -lt " + WALKERS
                            + " ]; do { for n in 1 2 3; do"
                            + " find /sys/bus/pci /sys/devices/pci0000:00 /sys/kernel/iommu_groups -exec true {} + 2>/dev/null;"
                            + " cat /sys/bus/pci/devices/*/vendor > /dev/null; done; } & i=$((i+1)); done;"
                            + " for n in 1 2 3 4 5 6 7 8 9 10; do"
                            + " dd of=/sys/bus/pci/drivers/vfio-pci/unbind 2>/dev/null <<-E\n" + EDU + "\nE\n"
                            + " test -e /sys/bus/pci/devices/" + EDU + "/driver && echo stale;"
                            + " dd of=/sys/bus/pci/drivers/vfio-pci/bind 2>/dev/null <<-E\n" + EDU + "\nE\n"
                            + " test -e /sys/bus/pci/devices/" + EDU + "/driver || echo missing; done; wait; echo end");
            assertThat(answer.out()).containsExactly("end");
            assertThat(vfio.device(EDU).driver()).contains("vfio-pci");
        }
    }

    @Test
    void shouldKeepWhoRemovesADeviceInUseWaitingButNobodyElse() throws IOException, InterruptedException {
        Path program = programs.compile("waiting");
        try (var vfio = NativePrograms.machine();
                var run = NativePrograms.intercept(vfio, SysView.MOUNT)) {
            var answer = programs.run(run, program, EDU, "0", OTHER);
            assertThat(answer.err()).isEmpty();
            assertThat(answer.code()).isZero();
            assertThat(vfio.device(EDU).driver()).isEmpty();
            assertThat(vfio.device(OTHER).driver()).isEmpty();
        }
    }

    @Test
    void shouldLeaveNothingBehind() throws IOException, InterruptedException {
        var before = mounts();
        try (var vfio = NativePrograms.machine()) {
            try (var run = NativePrograms.intercept(vfio, SysView.MOUNT)) {
                Process process = programs.start(
                        run,
                        Path.of("/bin/sh"),
                        "-c",
                        "cd /sys/bus/pci/devices; echo begun; while :; do cat */vendor >/dev/null; done");
                assertThat(process.inputReader().readLine()).isEqualTo("begun");
                assertThat(mounts()).as("mounts of this process during a run").isEqualTo(before);
                assertThat(process.destroyForcibly().waitFor(60, TimeUnit.SECONDS))
                        .isTrue();
            }
            var answer = shell(vfio, SysView.MOUNT, "cat /sys/bus/pci/devices/" + EDU + "/vendor");
            assertThat(answer.out()).containsExactly("0x1234");
        }
        assertThat(mounts()).as("mounts of this process after the runs").isEqualTo(before);
    }

    @Test
    void shouldEndItsThreadsAndFailForWhoIsLeft() {
        var vendor = Path.of("/sys/bus/pci/devices/" + EDU + "/vendor");
        try (var vfio = NativePrograms.machine();
                var starter = new FilteredThread()) {
            MountedTree sys;
            try {
                sys = MountedTree.make(vfio.tree(), new NodeChanges(), new NoClients(), starter);
            } catch (VfioException refused) {
                assumeTrue(false, "skipped: " + refused.getMessage());
                throw refused;
            }
            assertThat(starter.call(() -> Files.readString(vendor))).isEqualTo("0x1234\n");
            assertThat(sys.threads()).isPositive();
            sys.close();
            while (sys.threads() > 0) {
                Thread.onSpinWait();
            }
            assertThatThrownBy(() -> starter.call(() -> Files.readString(vendor)))
                    .hasRootCauseInstanceOf(IOException.class);
            assertThat(starter.call(() -> Files.exists(Path.of("/sys/kernel/uevent_seqnum"))))
                    .isTrue();
        }
    }

    @Test
    void shouldSayWhyItCannotBeMounted() {
        try (var vfio = NativePrograms.machine();
                var starter = new FilteredThread()) {
            var before = starter.call(() -> names("/sys/bus"));
            assertThatExceptionOfType(VfioException.class)
                    .isThrownBy(() -> MountedTree.make(
                            vfio.tree(), new NodeChanges(), new NoClients(), starter, Path.of("/no/such/place")))
                    .withMessageMatching("(mount|unshare)\\(2\\) of .* answered E[A-Z]+|/dev/fuse cannot be opened");
            assertThat(starter.call(() -> names("/sys/bus"))).isEqualTo(before);
        }
    }

    @Test
    void shouldMountInAUserNamespaceForWhoHasNoRights(@TempDir Path folder) throws IOException, InterruptedException {
        var before = mounts();
        try (var vfio = NativePrograms.machine();
                var namespaces = prepare(vfio, folder)) {
            var command = namespaces.enter(
                    List.of(
                            "/bin/sh",
                            "-c",
                            "pwd -P; cd /sys/bus/pci/devices/" + EDU
                                    + " && cat vendor; id -u; { echo 0 > /sys/bus/mdev/drivers_autoprobe; }"
                                    + " 2>/dev/null || echo refused; test -e /sys/kernel/uevent_seqnum && echo real;"
                                    + " cd /dev/vfio && chmod 640 0 && stat -c '%F %a %u %g' 0; chown 12345 0 2>/dev/null"
                                    + " || echo mine; echo x > /dev/null && test -c /dev/null && echo null"),
                    folder);
            Process process =
                    StartGate.start(new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT)::start);
            try (var lines = process.inputReader().lines()) {
                assertThat(lines)
                        .containsExactly(
                                folder.toRealPath().toString(),
                                "0x1234",
                                String.valueOf(Files.getAttribute(folder, "unix:uid")),
                                "refused",
                                "real",
                                "character special file 640 " + Files.getAttribute(folder, "unix:uid") + " "
                                        + Files.getAttribute(folder, "unix:gid"),
                                "mine",
                                "null");
            }
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isZero();
        }
        assertThat(mounts()).isEqualTo(before);
    }

    private static UserNamespaces prepare(Vfio vfio, Path folder) {
        try {
            return UserNamespaces.prepare(vfio.tree(), new NodeChanges(), new NoClients(), folder);
        } catch (VfioException refused) {
            assumeTrue(false, "skipped: " + refused.getMessage());
            throw refused;
        }
    }

    /** Nobody is known, so nobody may write. */
    private static final class NoClients implements FuseClients {
        @Override
        public Caller caller(int tid) {
            throw new VfioException(Errno.ESRCH, "nobody uses it");
        }

        @Override
        public void settle() {}

        @Override
        public void done(int tid, Supplier<String> text, long result) {}

        @Override
        public void refused(int tid, Supplier<String> text, VfioException reason) {}
    }
}
