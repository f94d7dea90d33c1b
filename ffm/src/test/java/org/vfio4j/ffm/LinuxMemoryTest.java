// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.ffm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class LinuxMemoryTest {
    private static final int EBADF = 9;
    private static final int EFAULT = 14;
    private static final int EINVAL = 22;
    private static final int UNKNOWN_ADVICE = 9999;

    @Test
    void shouldKeepTheBytesOfMemoryItGathers() {
        try (var arena = Arena.ofConfined()) {
            var memory = arena.allocate(4 << 20, 2 << 20);
            memory.set(ValueLayout.JAVA_LONG, 8, 42);
            LinuxMemory.advise(memory, LinuxMemory.ADVICE_HUGE_PAGE);
            LinuxMemory.advise(memory, LinuxMemory.ADVICE_COLLAPSE); // a kernel may refuse: it is advice
            assertThat(memory.get(ValueLayout.JAVA_LONG, 8)).isEqualTo(42);
        }
    }

    @Test
    void shouldMapAFileSharedAndUnmapItWithItsArena() throws IOException {
        Path file = Files.createTempFile("mapped", "");
        int fd = LinuxPaths.open(file.toString(), LinuxPaths.O_RDWR | LinuxPaths.O_CLOEXEC, 0);
        var arena = Arena.ofShared();
        try {
            Files.write(file, new byte[] {1, 2, 3});
            var mapped = Objects.requireNonNull(LinuxMemory.mapShared(fd, 0, 8192, true, arena, new int[1]));
            assertThat(mapped.get(ValueLayout.JAVA_BYTE, 2)).isEqualTo((byte) 3);
            mapped.set(ValueLayout.JAVA_BYTE, 0, (byte) 9);
            assertThat(Files.readAllBytes(file)).as("as long as before").containsExactly(9, 2, 3);
            assertThat(LinuxMemory.advise(mapped, LinuxMemory.ADVICE_POPULATE_READ))
                    .as("the second page is beyond the file's end")
                    .isEqualTo(-EFAULT);
            arena.close();
            assertThatThrownBy(() -> mapped.get(ValueLayout.JAVA_BYTE, 0)).isInstanceOf(IllegalStateException.class);
        } finally {
            LinuxFiles.close(fd);
            Files.delete(file);
        }
    }

    @Test
    void shouldTellWhyAFileCannotBeMapped() {
        var errno = new int[1];
        try (var arena = Arena.ofConfined()) {
            assertThat(LinuxMemory.mapShared(-1, 0, 4096, true, arena, errno)).isNull();
            assertThat(errno[0]).isEqualTo(EBADF);
        }
    }

    @Test
    void shouldAnswerTheNegatedErrnoOfARefusal() {
        try (var arena = Arena.ofConfined()) {
            assertThat(LinuxMemory.advise(arena.allocate(4096, 4096), UNKNOWN_ADVICE))
                    .isEqualTo(-EINVAL);
        }
    }
}
