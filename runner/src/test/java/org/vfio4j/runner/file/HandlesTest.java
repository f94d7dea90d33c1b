// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.file;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.vfio4j.runner.notify.Call;
import org.vfio4j.runner.notify.Calls;
import org.vfio4j.runner.watch.Watch;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.UapiFile;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

class HandlesTest {
    private static LateWrites lateWrites() {
        return new LateWrites((path, reason) -> {
            throw new AssertionError(reason);
        });
    }

    @Test
    void shouldHaveNothingToDoForAWatchThatComesAfterTheEnd() {
        try (var watch = new Watch();
                var lateWrites = lateWrites()) {
            var handles = new Handles(watch, lateWrites);
            handles.close();
            // What the watch's thread does when it had looked the action up just before it was removed.
            assertThatCode(handles::drain).doesNotThrowAnyException();
        }
    }

    @Test
    void shouldEndWhileOthersLookForWhatWasClosed() throws InterruptedException {
        try (var watch = new Watch();
                var lateWrites = lateWrites()) {
            for (int round = 0; round < 50; round++) {
                var handles = new Handles(watch, lateWrites);
                var begun = new CountDownLatch(1);
                Throwable[] failure = new Throwable[1];
                var other = Thread.ofPlatform().start(() -> {
                    try {
                        for (int i = 0; i < 1000; i++) {
                            handles.drain();
                            begun.countDown();
                        }
                    } catch (RuntimeException e) {
                        failure[0] = e;
                    }
                });
                begun.await();
                handles.close();
                other.join();
                assertThat(failure[0]).as("round %d", round).isNull();
            }
        }
    }

    @Test
    void shouldDeleteItsFolder() {
        try (var watch = new Watch();
                var lateWrites = lateWrites()) {
            var handles = new Handles(watch, lateWrites);
            assertThat(handles.directory()).isDirectory();
            handles.close();
            assertThat(Files.exists(handles.directory())).isFalse();
        }
    }

    /** Counts how many there are that nobody has closed. */
    private final class CountedFile implements UapiFile {
        CountedFile() {
            open.incrementAndGet();
        }

        @Override
        public long ioctl(Caller caller, int command, long argument) {
            return 0;
        }

        @Override
        public void close() {
            open.decrementAndGet();
        }
    }

    private final AtomicInteger open = new AtomicInteger();

    @Test
    void shouldCloseEachFileThatIsOpenedWhileItEnds() throws InterruptedException {
        try (var watch = new Watch();
                var lateWrites = lateWrites()) {
            for (int round = 0; round < 40; round++) {
                var handles = new Handles(watch, lateWrites);
                var begun = new CountDownLatch(1);
                var opening = Thread.ofPlatform().start(() -> {
                    try (var arena = Arena.ofConfined()) {
                        var call = Calls.ofAGoneProgram(arena);
                        for (int result = 0; result != -Errno.ENOSYS.number(); ) {
                            begun.countDown();
                            result = open(handles, call);
                        }
                    }
                });
                begun.await();
                handles.close();
                opening.join();
                assertThat(open).as("files open after round %d", round).hasValue(0);
            }
        }
    }

    private int open(Handles handles, Call call) {
        try {
            return handles.open(call, new CountedFile(), Origin.MADE, 2, -1, true, false);
        } catch (VfioException refused) {
            return -refused.errno().number();
        }
    }

    @Test
    void shouldReleaseAFileThatIsClosedWhileItCannotBeMapped() throws InterruptedException {
        var watch = new Watch();
        watch.close(); // only the test looks for what was closed
        try (var lateWrites = lateWrites();
                var handles = new Handles(watch, lateWrites);
                var arena = Arena.ofShared()) {
            var call = Calls.ofAGoneProgram(arena);
            for (int round = 1; round <= 200; round++) {
                assertThat(open(handles, call)).isNegative();
                var link = arena.allocateFrom(handles.directory() + "/0-" + round);
                var handle = handles.find(link, link.byteSize() - 1);
                assertThat(handle).as("opened in round %d", round).isNotNull();
                var begun = new CountDownLatch(1);
                var closing = Thread.ofPlatform().start(() -> {
                    begun.countDown();
                    handles.drain();
                });
                begun.await();
                assertThat(handles.exchange(call, requireNonNull(handle), 0, true, Path.of("/nonexistent")))
                        .isNegative();
                closing.join();
                requireNonNull(handle).close();
                assertThat(open).as("files open after round %d", round).hasValue(0);
                assertThat(handles.count()).isZero();
            }
        }
    }
}
