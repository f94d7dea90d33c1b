// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vfio4j.SysView;
import org.vfio4j.Vfio;

/** The machine's part of {@code /dev}, mounted for the program and by intercepted calls. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DevViewTest {
    private static final String EDU = "0000:00:05.0";
    private static final String GROUP = "0";

    /** Nothing is tried on the real {@code /dev}. */
    private static final String GUARD = "test -d /dev/.real || { echo not mounted; exit 9; }; ";

    private static final String DRIVER = "/sys/bus/pci/drivers/vfio-pci";
    private static final String UNBIND = "echo " + EDU + " > " + DRIVER + "/unbind; ";
    private static final String BIND = "echo vfio-pci > /sys/bus/pci/devices/" + EDU + "/driver_override; echo " + EDU
            + " > " + DRIVER + "/bind; ";

    /** Comes and goes in the real {@code /dev} while tests run. */
    private static final String LATE = "/dev/vfio4j-late-";

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

    private static NativePrograms.Answer mounted(Vfio vfio, String script) throws IOException, InterruptedException {
        try (var run = NativePrograms.intercept(vfio, SysView.MOUNT)) {
            var answer = programs.run(run, Path.of("/bin/sh"), "-c", GUARD + script);
            assertThat(run.openFiles()).as("files left open").isZero();
            return answer;
        }
    }

    private static List<String> fine(String script) throws IOException, InterruptedException {
        try (var vfio = NativePrograms.machine()) {
            var answer = mounted(vfio, "set -e; " + script);
            assertThat(answer.err()).isEmpty();
            assertThat(answer.code()).isZero();
            return answer.out();
        }
    }

    private static List<String> devices() throws IOException {
        try (Stream<Path> entries = Files.list(Path.of("/dev"))) {
            return entries.map(Path::toString)
                    .filter(path -> !path.startsWith(LATE))
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"MOUNT", "INTERCEPT"})
    void shouldBeFilesThatCanBeOpenedAndChanged(SysView view) throws IOException, InterruptedException {
        Path program = programs.compile("nodes");
        var before = devices();
        try (var vfio = NativePrograms.machine();
                var run = NativePrograms.intercept(vfio, view)) {
            var answer = programs.run(run, program, EDU, GROUP, (view + "ed").toLowerCase(Locale.ROOT));
            assertThat(answer.err()).isEmpty();
            assertThat(answer.out()).containsExactly("fine");
            assertThat(run.openFiles()).as("files left open").isZero();
        }
        assertThat(devices()).as("the real /dev").isEqualTo(before);
    }

    @Test
    void shouldLetAShellWorkInTheDirectory() throws IOException, InterruptedException {
        assertThat(fine("cd /dev/vfio; pwd -P; test -c 0; test -c vfio; test -d devices; cd devices; test -c vfio0;"
                        + " cd -P ../..; pwd; ls vfio/vfio; for f in vfio/devices/vfio[01]; do echo $f; done"))
                .containsExactly("/dev/vfio", "/dev", "vfio/vfio", "vfio/devices/vfio0", "vfio/devices/vfio1");
        assertThat(
                        fine(
                                "find /dev/vfio -name vfio -type c; find /dev/vfio -maxdepth 1 -type d; find /dev/iommu -type c"))
                .containsExactlyInAnyOrder("/dev/vfio/vfio", "/dev/vfio", "/dev/vfio/devices", "/dev/iommu");
    }

    @Test
    void shouldShowNumbersModesAndOwners() throws IOException, InterruptedException {
        int uid = (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        assertThat(fine("cd /dev; stat -c '%n %F %t:%T %a %u' vfio/vfio iommu; chmod 666 iommu; stat -c %a iommu"))
                .containsExactly(
                        "vfio/vfio character special file a:c4 666 " + uid,
                        "iommu character special file a:100 660 " + uid,
                        "666");
    }

    @Test
    void shouldKeepTheRealEntriesUsable() throws IOException, InterruptedException {
        var names = fine("ls /dev");
        try (Stream<Path> entries = Files.list(Path.of("/dev"))) {
            assertThat(names)
                    .containsAll(
                            entries.map(entry -> entry.getFileName().toString()).toList());
        }
        assertThat(fine(
                        "echo lost > /dev/null; test -c /dev/null; test -z \"$(cat /dev/null)\"; head -c 4 /dev/urandom | wc -c;"
                                + " head -c 3 /dev/zero | od -An -c; echo one | cat /dev/stdin; echo two | cat /dev/fd/0;"
                                + " test -d /dev/pts; test -d /dev/shm; readlink /dev/fd"))
                .containsExactly("4", "  \\0  \\0  \\0", "one", "two", "/proc/self/fd");
    }

    @Test
    void shouldShareTheRealDirectoriesWithTheSystem() throws IOException, InterruptedException {
        Path folder = Path.of("/dev/shm");
        assumeTrue(Files.isWritable(folder), "skipped: no " + folder);
        Path here = Files.createTempFile(folder, "vfio4j-test-", "");
        try {
            fine("test -e " + here + "; echo text > " + here);
            assertThat(here).hasContent("text");
        } finally {
            Files.delete(here);
        }
    }

    @Test
    void shouldFollowTheMachineWhileADirectoryIsInUse() throws IOException, InterruptedException {
        assertThat(fine("cd /dev/vfio; test -c " + GROUP + "; " + UNBIND + "test ! -e " + GROUP + "; ls | grep -cx "
                        + GROUP
                        + " || :; test -z \"$(find . -name " + GROUP + ")\"; " + BIND + "test -c " + GROUP
                        + "; ls | grep -cx " + GROUP))
                .containsExactly("0", "1");
    }

    @Test
    void shouldKeepAModeWhenTheNodeComesAgain() throws IOException, InterruptedException {
        assertThat(fine("chmod 606 /dev/vfio/" + GROUP + "; " + UNBIND + BIND + "stat -c %a /dev/vfio/" + GROUP))
                .containsExactly("606");
    }

    @Test
    void shouldChangeModesOfAttributes() throws IOException, InterruptedException {
        assertThat(fine("cd /sys/bus/pci/devices/" + EDU
                        + "; stat -c %a vendor; chmod 400 vendor; stat -c %a vendor; cat vendor"))
                .containsExactly("444", "400", "0x1234");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"mkdir /dev/vfio4j-x", "mkfifo /dev/vfio4j-x", ": > /dev/vfio4j-x", "ln -s a /dev/vfio4j-x"})
    void shouldSayThatNothingCanBeMadeBesideTheRealEntries(String command) throws IOException, InterruptedException {
        try (var vfio = NativePrograms.machine()) {
            var answer = mounted(vfio, "{ " + command + "; } || echo refused");
            assertThat(answer.out().isEmpty() ? answer.err() : answer.out().getFirst())
                    .isNotEqualTo("not mounted");
            assertThat(answer.err()).contains("Read-only file system");
        }
    }

    @Test
    void shouldRefuseToOpenANodePastTheInterception() throws IOException, InterruptedException {
        // A mount of the same file at a place that the machine's tree does not know.
        assumeTrue((int) Files.getAttribute(Path.of("/proc/self"), "unix:uid") == 0, "skipped: needs CAP_SYS_ADMIN");
        Path place = Files.createTempFile("vfio4j-test-", "");
        try (var vfio = NativePrograms.machine()) {
            var answer =
                    mounted(vfio, "mount --bind /dev/vfio/vfio " + place + " && test -c " + place + " && cat " + place);
            assertThat(answer.err()).contains("Permission denied");
            assertThat(answer.code()).isEqualTo(1);
        } finally {
            Files.delete(place);
        }
    }

    @Test
    void shouldShowWhatTheRealSystemGetsLater() throws IOException, InterruptedException {
        Path late = Path.of(LATE + ProcessHandle.current().pid());
        assumeTrue(Files.isWritable(Path.of("/dev")), "skipped: nothing can be made in /dev");
        try (var vfio = NativePrograms.machine();
                var run = NativePrograms.intercept(vfio, SysView.MOUNT)) {
            var process = programs.start(
                    run,
                    Path.of("/bin/sh"),
                    "-c",
                    GUARD + "test ! -e " + late + " && echo none; read line; cat " + late + "; cd /dev; ls | grep -x "
                            + late.getFileName());
            var lines = process.inputReader();
            assertThat(lines.readLine()).isEqualTo("none");
            Files.writeString(late, "there\n");
            try (var out = process.outputWriter()) {
                out.write("go on\n");
            }
            assertThat(lines.readLine()).isEqualTo("there");
            assertThat(lines.readLine()).isEqualTo(late.getFileName().toString());
            assertThat(process.waitFor()).isZero();
        } finally {
            Files.deleteIfExists(late);
        }
    }

    @Test
    void shouldLeaveTheRealPartToWhoIsLeft() throws IOException, InterruptedException {
        try (var vfio = NativePrograms.machine()) {
            Process process;
            try (var run = NativePrograms.intercept(vfio, SysView.MOUNT)) {
                process = programs.start(
                        run,
                        Path.of("/bin/sh"),
                        "-c",
                        GUARD + "cd /dev/vfio; echo begun; read line; test -c /dev/null && test -c /dev/zero"
                                + " && test -d /dev/shm && echo real; test -c vfio || echo gone");
                assertThat(process.inputReader().readLine()).isEqualTo("begun");
            }
            try (var out = process.outputWriter()) {
                out.write("go on\n");
            }
            try (var lines = process.inputReader().lines()) {
                assertThat(lines).containsExactly("real", "gone");
            }
            assertThat(process.waitFor()).isZero();
        }
    }

    @Test
    void shouldNotTellTheRealSystemOfAnything() throws IOException, InterruptedException {
        var before = devices();
        var mounts = Files.readAllLines(Path.of("/proc/self/mountinfo"));
        int mode = (int) Files.getAttribute(Path.of("/dev/null"), "unix:mode", LinkOption.NOFOLLOW_LINKS);
        fine("chmod 600 /dev/vfio/vfio; chmod 600 /dev/iommu; test -e /dev/vfio");
        assertThat(devices()).isEqualTo(before);
        assertThat(Files.readAllLines(Path.of("/proc/self/mountinfo"))).isEqualTo(mounts);
        assertThat(Files.getAttribute(Path.of("/dev/null"), "unix:mode", LinkOption.NOFOLLOW_LINKS))
                .isEqualTo(mode);
    }
}
