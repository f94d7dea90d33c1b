// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vfio4j.ffm.LinuxFiles;
import org.vfio4j.ffm.LinuxPaths;

/** What kernels before 6.11 tell about a program's memory. */
class MapsTextTest {
    private static final String TEXT = """
            00400000-00452000 r-xp 00000000 08:02 173521                             /usr/bin/dbus-daemon
            00651000-00652000 r--p 00051000 08:02 173521                             /usr/bin/dbus-daemon
            01a3c000-01a5d000 rw-p 00000000 00:00 0                                  [heap]
            7f0000000000-7f0000400000 rw-s 00000000 00:0f 1027                       /anon_hugepage (deleted)
            7f0000400000-7f0000600000 rw-s 00200000 00:2d 98765                      /dev/hugepages/my pages
            7f0000600000-7f0000700000 rw-s 00000000 00:01 2048                       /memfd:a name  with spaces (deleted)
            7f0000700000-7f0000701000 r--s 12345678000 fd:12 4294967299              /data/big\\012file
            7f0000800000-7f0000900000 ---p 00000000 00:00 0
            7f0000900000-7f0000901000 rw-s 00000000 00:05 1                          /dev/zero (deleted)
            7f0000a00000-7f0000a01000 rw-s 00000000 00:01 3                          /SYSV00000000 (deleted)
            7ffd1c000000-7ffd1c021000 rw-p 00000000 00:00 0                          [stack]
            7ffd1c1fb000-7ffd1c1ff000 r--p 00000000 00:00 0                          [vvar]
            7ffd1c1ff000-7ffd1c201000 r-xp 00000000 00:00 0                          [vdso]
            ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]
            """;

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    private static MemoryArea at(long address) {
        return Objects.requireNonNull(MapsText.find(TEXT, address), "an area at 0x" + Long.toHexString(address));
    }

    @Test
    void shouldReadAMappedFile() {
        assertThat(at(0x651800))
                .isEqualTo(new MemoryArea(
                        0x651000,
                        0x652000,
                        true,
                        false,
                        false,
                        new FileId(8, 2, 173521),
                        0x51000,
                        "/usr/bin/dbus-daemon",
                        4096));
        assertThat(at(0x651800).showsFile()).as("private").isFalse();
    }

    @Test
    void shouldReadPlainMemoryAndWhatHasNoFile() {
        assertThat(at(0x1a3c000)).satisfies(heap -> {
            assertThat(heap.name()).isEqualTo("[heap]");
            assertThat(heap.file()).isEqualTo(FileId.NONE);
            assertThat(heap.writable()).isTrue();
        });
        assertThat(at(0x7f00_0080_0000L)).satisfies(reserved -> {
            assertThat(reserved.name()).isEmpty();
            assertThat(reserved.readable() || reserved.writable()).isFalse();
        });
        assertThat(at(0x7ffd_1c00_0000L).name()).isEqualTo("[stack]");
        assertThat(at(0x7ffd_1c1f_c000L).name()).isEqualTo("[vvar]");
        assertThat(at(0x7ffd_1c20_0fffL).name()).isEqualTo("[vdso]");
        assertThat(at(0xffff_ffff_ff60_0000L)).satisfies(vsyscall -> {
            assertThat(vsyscall.name()).isEqualTo("[vsyscall]");
            assertThat(vsyscall.readable()).isFalse();
        });
    }

    @Test
    void shouldReadNamesWithSpacesNewLinesAndDeletedFiles() {
        assertThat(at(0x7f00_0060_0000L).name()).isEqualTo("/memfd:a name  with spaces (deleted)");
        assertThat(at(0x7f00_0060_0000L).showsFile()).isTrue();
        assertThat(at(0x7f00_0090_0000L).name()).isEqualTo("/dev/zero (deleted)");
        assertThat(at(0x7f00_00a0_0000L).file()).isEqualTo(new FileId(0, 1, 3));
        assertThat(at(0x7f00_0070_0000L)).satisfies(big -> {
            assertThat(big.name()).isEqualTo("/data/big\nfile");
            assertThat(big.file()).isEqualTo(new FileId(0xfd, 0x12, 4294967299L));
            assertThat(big.inFile(0x7f00_0070_0123L)).isEqualTo(0x12345678123L);
            assertThat(big.shared()).isTrue();
            assertThat(big.writable()).isFalse();
        });
    }

    @Test
    void shouldKnowHugePagesByTheirNames() {
        assertThat(at(0x7f00_0000_0000L).pageSize()).isEqualTo(2 << 20);
        assertThat(at(0x7f00_0040_0000L).pageSize()).isEqualTo(2 << 20);
        assertThat(at(0x7f00_0060_0000L).pageSize()).isEqualTo(4096);
    }

    @Test
    void shouldFindNothingBetweenAreas() {
        assertThat(MapsText.find(TEXT, 0x3f_ffff)).as("before the first one").isNull();
        assertThat(MapsText.find(TEXT, 0x45_2000)).as("behind one").isNull();
        assertThat(MapsText.find(TEXT, 0xffff_ffff_ff60_1000L))
                .as("behind the last one")
                .isNull();
        assertThat(MapsText.find("", 0)).isNull();
        assertThat(MapsText.parse("no line of this kind")).isNull();
    }

    /** A file in the place of {@code /proc/PID/maps} does not answer questions about one address. */
    @Test
    void shouldReadTheTextWhereTheKernelAnswersNoQuestions() throws IOException {
        Path maps = folder.resolve("maps");
        // Longer than one read.
        var filler = "10000-11000 rw-p 00000000 00:00 0 " + "x".repeat(200) + "\n";
        Files.writeString(maps, filler.repeat(1000) + TEXT, StandardCharsets.UTF_8);
        int fd = LinuxPaths.open(maps.toString(), LinuxPaths.O_RDONLY | LinuxPaths.O_CLOEXEC, 0);
        try (var areas = new MemoryAreas(fd)) {
            assertThat(areas.at(0x7ffd_1c00_0000L)).isEqualTo(at(0x7ffd_1c00_0000L));
            assertThat(areas.at(0x45_2000)).isNull();
        } finally {
            LinuxFiles.close(fd);
        }
    }

    @Test
    void shouldTellTheSameAsTheKernelsAnswers() throws IOException {
        String own = Files.readString(Path.of("/proc/self/maps"));
        int fd = LinuxPaths.open("/proc/self/maps", LinuxPaths.O_RDONLY | LinuxPaths.O_CLOEXEC, 0);
        try (var arena = Arena.ofConfined();
                var areas = new MemoryAreas(fd)) {
            long address = arena.allocate(64).address();
            MemoryArea told = Objects.requireNonNull(MapsText.find(own, address));
            MemoryArea asked = Objects.requireNonNull(areas.at(address));
            // The area may have grown in between.
            assertThat(asked.file()).isEqualTo(told.file());
            assertThat(asked.name()).isEqualTo(told.name());
            assertThat(asked.readable() && asked.writable() && told.readable() && told.writable())
                    .isTrue();
            assertThat(asked.shared()).isEqualTo(told.shared());
        } finally {
            LinuxFiles.close(fd);
        }
    }
}
