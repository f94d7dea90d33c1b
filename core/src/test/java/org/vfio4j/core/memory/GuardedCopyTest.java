// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GuardedCopyTest {
    private static final int PAGE = 4096;

    /** Enough for every method on the way to be compiled by both compilers: faults reach compiled code differently. */
    private static final int REPETITIONS = 30_000;

    @TempDir
    Path folder;

    @Test
    void shouldAnswerFalseForTruncatedFile() throws IOException {
        try (Arena arena = Arena.ofShared();
                Arena own = Arena.ofConfined();
                var file = FileChannel.open(
                        folder.resolve("memory"),
                        StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE)) {
            MemorySegment mapped = file.map(FileChannel.MapMode.READ_WRITE, 0, 4 * PAGE, arena);
            file.truncate(PAGE);
            MemorySegment buffer = own.allocate(4 * PAGE);
            for (int i = 0; i < REPETITIONS; i++) {
                assertThat(GuardedCopy.copy(mapped, 0, buffer, 0, PAGE)).isTrue();
                int length = i % 2 == 0 ? 1 + i % 16 : PAGE;
                assertThat(GuardedCopy.copy(mapped, PAGE, buffer, 0, length))
                        .as("copy %d of %d bytes from the truncated part", i, length)
                        .isFalse();
                assertThat(GuardedCopy.copy(buffer, 0, mapped, 2 * PAGE, length))
                        .as("copy %d of %d bytes to the truncated part", i, length)
                        .isFalse();
                assertThat(GuardedCopy.populate(mapped, 0, PAGE, PAGE)).isTrue();
                assertThat(GuardedCopy.populate(mapped, 1, PAGE, PAGE)).isFalse();
            }
        }
    }

    @Test
    void shouldAnswerFalseForClosedArena() {
        MemorySegment buffer = Arena.ofAuto().allocate(16);
        MemorySegment gone;
        try (Arena arena = Arena.ofShared()) {
            gone = arena.allocate(16);
        }
        assertThat(GuardedCopy.copy(gone, 0, buffer, 0, 16)).isFalse();
        assertThat(GuardedCopy.copy(buffer, 0, gone, 0, 16)).isFalse();
        assertThat(GuardedCopy.populate(gone, 0, 16, PAGE)).isFalse();
    }
}
