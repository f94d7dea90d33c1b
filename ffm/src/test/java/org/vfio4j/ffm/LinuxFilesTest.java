// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.ffm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LinuxFilesTest {

    private static final int EBADF = 9;
    private static final int EAGAIN = 11;
    private static final int EINVAL = 22;

    @Test
    void shouldReadBackWhatWasAddedToAnEventCounter() {
        try (Arena arena = Arena.ofConfined()) {
            int fd = LinuxFiles.eventfd(3, LinuxFiles.EFD_NONBLOCK | LinuxFiles.EFD_CLOEXEC);
            assertThat(fd).as("descriptor or negated errno").isNotNegative();
            try {
                MemorySegment counter = arena.allocateFrom(ValueLayout.JAVA_LONG, 4);
                assertThat(LinuxFiles.write(fd, counter)).isEqualTo(8);
                counter.set(ValueLayout.JAVA_LONG, 0, 0);
                assertThat(LinuxFiles.read(fd, counter)).isEqualTo(8);
                assertThat(counter.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(7);
                assertThat(LinuxFiles.read(fd, counter))
                        .as("the counter is zero and does not block")
                        .isEqualTo(-EAGAIN);
            } finally {
                assertThat(LinuxFiles.close(fd)).isZero();
            }
        }
    }

    @Test
    void shouldShowTheNameOfAMemoryFileAndKeepItsBytes() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            int fd = LinuxFiles.memfdCreate("guest-ram", LinuxFiles.MFD_CLOEXEC);
            assertThat(fd).as("descriptor or negated errno").isNotNegative();
            try {
                Path self = Path.of("/proc/self/fd", Integer.toString(fd));
                assertThat(Files.readSymbolicLink(self)).hasToString("/memfd:guest-ram (deleted)");
                assertThat(LinuxFiles.write(fd, arena.allocateFrom("hello"))).isEqualTo(6);
                assertThat(Files.readString(self)).isEqualTo("hello\0");
                assertThat(LinuxFiles.read(fd, arena.allocate(16)))
                        .as("the file's position is at its end")
                        .isZero();
            } finally {
                assertThat(LinuxFiles.close(fd)).isZero();
            }
        }
    }

    @Test
    void shouldAnswerTheNegatedErrnoOfARefusal() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(8);
            assertThat(LinuxFiles.close(-1)).isEqualTo(-EBADF);
            assertThat(LinuxFiles.read(-1, buffer)).isEqualTo(-EBADF);
            assertThat(LinuxFiles.write(-1, buffer)).isEqualTo(-EBADF);
            assertThat(LinuxFiles.eventfd(0, 0x40000000)).isEqualTo(-EINVAL);
            assertThat(LinuxFiles.memfdCreate("n".repeat(250), 0)).isEqualTo(-EINVAL);
        }
    }

    @Test
    void shouldKeepTheErrnoOfEachThreadApart() throws InterruptedException, ExecutionException {
        Callable<Integer> badDescriptor = () -> worst(() -> LinuxFiles.close(-1), -EBADF);
        Callable<Integer> badFlags = () -> worst(() -> LinuxFiles.eventfd(0, 0x40000000), -EINVAL);
        try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
            Future<Integer> one = threads.submit(badDescriptor);
            Future<Integer> other = threads.submit(badFlags);
            assertThat(one.get()).isEqualTo(-EBADF);
            assertThat(other.get()).isEqualTo(-EINVAL);
        }
    }

    /** The first answer of many that is not the expected one, or the expected one. */
    private static int worst(java.util.function.IntSupplier call, int expected) {
        return IntStream.range(0, 20_000)
                .map(i -> call.getAsInt())
                .filter(answer -> answer != expected)
                .findFirst()
                .orElse(expected);
    }

    @Test
    void shouldRefuseABufferOnTheHeap() {
        MemorySegment heap = MemorySegment.ofArray(new byte[8]);
        assertThatThrownBy(() -> LinuxFiles.read(0, heap)).isInstanceOf(IllegalArgumentException.class);
    }
}
