// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.vfio4j.spi.call.UapiFile;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

class LocalFdTableTest {
    private final LocalFdTable table = new LocalFdTable(40);

    private static void assertErrno(Errno errno, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        VfioException.class, e -> assertThat(e.errno()).isEqualTo(errno));
    }

    private int open(RecordingFile file) {
        int fd = table.reserve();
        table.install(fd, file);
        return fd;
    }

    private UapiFile file(int fd) {
        try (var reference = table.get(fd)) {
            return reference.file();
        }
    }

    @Test
    void shouldGiveTheLowestFreeNumber() {
        for (int i = 0; i < 20; i++) {
            assertThat(open(new RecordingFile(1))).isEqualTo(i);
        }
        table.close(7);
        table.close(3);
        assertThat(table.reserve()).isEqualTo(3);
        assertThat(table.reserve()).isEqualTo(7);
        assertThat(table.reserve()).isEqualTo(20);
    }

    @Test
    void shouldNotResolveReservedNumbers() {
        int fd = table.reserve();
        assertErrno(Errno.EBADF, () -> table.get(fd));
        assertErrno(Errno.EBADF, () -> table.close(fd));
        var file = new RecordingFile(1);
        table.install(fd, file);
        assertThat(file(fd)).isSameAs(file);
        assertThat(table.closeOnExec(fd)).isTrue();
    }

    @Test
    void shouldGiveCancelledNumbersAgain() {
        int fd = table.reserve();
        table.cancel(fd);
        assertThat(table.reserve()).isEqualTo(fd);
        assertThatThrownBy(() -> table.cancel(5)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void shouldAnswerEbadfForNumbersThatAreNotOpen() {
        for (int fd : new int[] {-1, 0, 39, 40, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            assertErrno(Errno.EBADF, () -> table.get(fd));
            assertErrno(Errno.EBADF, () -> table.close(fd));
            assertErrno(Errno.EBADF, () -> table.dup(fd));
        }
    }

    @Test
    void shouldAnswerEmfileWhenFullAndForget() {
        int first = open(new RecordingFile(1));
        for (int i = 1; i < 40; i++) {
            table.reserve();
        }
        assertErrno(Errno.EMFILE, table::reserve);
        assertErrno(Errno.EMFILE, () -> table.dup(first));
        var file = (RecordingFile) file(first);
        table.close(first);
        assertThat(file.closes).as("the refused dup holds nothing").hasValue(1);
    }

    @Test
    void shouldCloseTheFileWithItsLastDescriptor() {
        var file = new RecordingFile(1);
        int fd = open(file);
        int copy = table.dup(fd);
        assertThat(file(copy)).isSameAs(file);
        assertThat(table.closeOnExec(copy)).as("dup clears close-on-exec").isFalse();
        table.close(fd);
        assertThat(file.closes).hasValue(0);
        table.close(copy);
        assertThat(file.closes).hasValue(1);
    }

    @Test
    void shouldNotCloseTheFileDuringACall() {
        var file = new RecordingFile(1);
        int fd = open(file);
        OpenFile running = table.acquire(fd);
        table.close(fd);
        assertThat(file.closes).hasValue(0);
        running.close();
        assertThat(file.closes).hasValue(1);
        assertThat(running.tryAcquire()).as("a closed file comes back").isFalse();
    }

    @Test
    void shouldNotCloseAFileThatWasLookedUp() {
        var file = new RecordingFile(1);
        int fd = open(file);
        try (var reference = table.get(fd)) {
            table.close(fd);
            assertThat(reference.file()).isSameAs(file);
            assertThat(file.closes).as("closed in spite of the reference").hasValue(0);
        }
        assertThat(file.closes).hasValue(1);
        assertErrno(Errno.EBADF, () -> table.get(fd));
    }

    @Test
    void shouldCloseWhatIsInstalledAfterTheEnd() {
        var before = new RecordingFile(1);
        var after = new RecordingFile(1);
        open(before);
        int fd = table.reserve();
        int cancelled = table.reserve();
        table.closeAll();
        assertThat(before.closes).hasValue(1);
        table.install(fd, after);
        table.cancel(cancelled);
        assertThat(after.closes).hasValue(1);
        assertErrno(Errno.ESRCH, table::reserve);
        assertErrno(Errno.EBADF, () -> table.get(fd));
        table.closeAll();
        assertThat(before.closes).hasValue(1);
    }

    @Test
    void shouldCloseEveryFileOnceUnderContention() throws Exception {
        int threads = 4;
        var start = new CyclicBarrier(threads);
        Callable<List<RecordingFile>> actor = () -> {
            start.await();
            List<RecordingFile> files = new ArrayList<>();
            for (int i = 0; i < 3_000; i++) {
                var file = new RecordingFile(1);
                files.add(file);
                int fd = open(file);
                int copy = table.dup(fd);
                OpenFile running = table.acquire(copy);
                table.close(fd);
                table.close(copy);
                assertThat(file.closes).as("closed during a call").hasValue(0);
                running.close();
            }
            return files;
        };
        try (var executor = Executors.newFixedThreadPool(threads)) {
            List<Future<List<RecordingFile>>> results = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                results.add(executor.submit(actor));
            }
            for (var result : results) {
                assertThat(result.get()).allMatch(file -> file.closes.get() == 1, "is closed once");
            }
        }
        assertThat(table.reserve()).as("all numbers are free").isZero();
    }
}
