// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** QEMU as it comes, with a device of the machine passed through to a guest. Skipped where QEMU is not installed. */
class VirtualMachineTest {
    private static final String QEMU = "qemu-system-x86_64";
    private static final long DISK = 1 << 20;

    /** What {@code isa-debug-exit} makes of the guest's 0. */
    private static final int GUEST_ENDED = 1;

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    private static Path qemu() {
        Optional<Path> found = Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .map(place -> Path.of(place, QEMU))
                .filter(Files::isExecutable)
                .findFirst();
        assumeTrue(found.isPresent(), "skipped: " + QEMU + " is not installed");
        return found.orElseThrow();
    }

    private Path bootDisk() throws IOException, InterruptedException {
        Path disk = folder.resolve("guest.img");
        Path log = folder.resolve("cc.log");
        int code = new ProcessBuilder(
                        "cc",
                        "-m32",
                        "-nostdlib",
                        "-static",
                        "-Wl,-Ttext=0x7c00,--oformat=binary,--build-id=none",
                        "-o",
                        disk.toString(),
                        NativePrograms.file("native/guest.S").toString())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start()
                .waitFor();
        assumeTrue(code == 0, "skipped: the guest's boot sector cannot be assembled here");
        try (var file = new RandomAccessFile(disk.toFile(), "rw")) {
            file.setLength(DISK);
        }
        return disk;
    }

    @ParameterizedTest
    @ValueSource(strings = {"memory-backend-ram,id=m,size=64M", "memory-backend-memfd,id=m,size=64M,share=on"})
    void shouldLetAGuestUseADevice(String memory) throws IOException, InterruptedException {
        Path qemu = qemu();
        String disk = "format=raw,file=" + bootDisk();
        var answer = runGuest(
                qemu, "-object", memory, "-machine", "memory-backend=m", "-drive", disk, "-device", host("00:05.0"));
        assertThat(answer.out())
                .as(answer.err())
                .containsExactly("DMA: good", "interrupt: good", "end of interrupt: good");
        assertThat(answer.code()).isEqualTo(GUEST_ENDED);
    }

    @Test
    void shouldKeepADeviceOfAGroupThatIsNotViableFromAGuest() throws IOException, InterruptedException {
        var answer = runGuest(qemu(), "-device", host("02:00.0"));
        assertThat(answer.err()).contains("0000:02:00.0", "is not viable");
        assertThat(answer.code()).isEqualTo(1);
    }

    private static String host(String function) {
        return "vfio-pci,host=0000:" + function;
    }

    private NativePrograms.Answer runGuest(Path qemu, String... options) throws IOException, InterruptedException {
        List<String> always = List.of(
                "-M", "q35", "-accel", "tcg", "-m", "64", "-display", "none", "-nodefaults", "-debugcon", "stdio");
        List<String> exit = List.of("-device", "isa-debug-exit,iobase=0xf4");
        String[] arguments = Stream.of(always.stream(), exit.stream(), Stream.of(options))
                .flatMap(part -> part)
                .toArray(String[]::new);
        try (var programs = new NativePrograms();
                var vfio = NativePrograms.machine();
                var run = NativePrograms.intercept(vfio)) {
            var answer = programs.run(run, qemu, arguments);
            assertThat(run.openFiles()).as("files left open").isZero();
            assertThat(vfio.pinnedPages()).as("pages left pinned").isZero();
            return answer;
        }
    }
}
