// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vfio4j.ffm.LinuxFiles;
import org.vfio4j.ffm.LinuxPaths;
import org.vfio4j.ffm.LinuxProcess;
import org.vfio4j.ffm.LinuxStat;

/** The ways to a program's file, tried on this process as the program. */
class FileFinderTest {
    private static final int SELF = LinuxProcess.getpid();
    private static final int ENOENT = 2;

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    private static FileId idOf(Path file) {
        return FileId.of(LinuxStat.of(file.toString()));
    }

    private static MemoryArea area(FileId file, String name) {
        // Where nothing is mapped, so that the way through the area itself leads nowhere.
        return new MemoryArea(0x1000, 0x2000, true, true, true, file, 0, name, 4096);
    }

    private static void assertOpens(int fd, FileId file) {
        assertThat(fd).as("descriptor or minus an errno").isNotNegative();
        try {
            assertThat(FileId.of(LinuxStat.of(fd))).isEqualTo(file);
        } finally {
            LinuxFiles.close(fd);
        }
    }

    @Test
    void shouldFindAFileByADescriptorOfTheProgram() {
        int fd = LinuxFiles.memfdCreate("found by its descriptor", LinuxFiles.MFD_CLOEXEC);
        try {
            FileId id = FileId.of(LinuxStat.of(fd));
            assertOpens(FileFinder.byDescriptor(SELF, SELF, id, true), id);
            assertOpens(FileFinder.open(SELF, SELF, area(id, "/memfd:any (deleted)"), true), id);
        } finally {
            LinuxFiles.close(fd);
        }
    }

    @Test
    void shouldFindAFileByItsPath() throws IOException {
        Path file = Files.createFile(folder.resolve("found by its path"));
        assertOpens(FileFinder.byPath(SELF, area(idOf(file), file.toString()), true), idOf(file));
        assertOpens(FileFinder.open(SELF, SELF, area(idOf(file), file.toString()), false), idOf(file));
    }

    @Test
    void shouldNotTakeAnotherFileOfTheSameName() throws IOException {
        Path file = Files.createFile(folder.resolve("exchanged"));
        Path kept = folder.resolve("kept");
        Files.move(file, kept);
        FileId first = idOf(kept);
        Files.createFile(file);
        assertThat(FileFinder.byPath(SELF, area(first, file.toString()), true)).isEqualTo(-ENOENT);
        assertThat(FileFinder.open(SELF, SELF, area(first, file.toString()), true))
                .isEqualTo(-ENOENT);
    }

    @Test
    void shouldOpenNothingThatIsNoOrdinaryFile() {
        FileId zero = FileId.of(LinuxStat.of("/dev/zero"));
        assertThat(FileFinder.reopen("/dev/zero", zero, true)).isEqualTo(-ENOENT);
        assertThat(FileFinder.reopen("/proc/self", FileId.of(LinuxStat.of("/proc/self")), false))
                .isEqualTo(-ENOENT);
    }

    @Test
    void shouldOpenAFileAgainForMoreThanItWasOpenedFor() throws IOException {
        Path file = Files.createFile(folder.resolve("read first"));
        int fd = LinuxPaths.open(file.toString(), LinuxPaths.O_RDONLY | LinuxPaths.O_CLOEXEC, 0);
        try {
            assertOpens(FileFinder.reopen(fd, true), idOf(file));
        } finally {
            LinuxFiles.close(fd);
        }
    }
}
