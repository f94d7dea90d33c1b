// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.vfio4j.ffm.LinuxFiles;
import org.vfio4j.runner.watch.Watch;

class ProgramEventTest {
    private static final int ROUNDS = 20_000;
    private static final long PATIENCE_SECONDS = 30;

    /** Two devices wait for the same eventfd: one comes and goes, the other must not miss a signal for that. */
    @Test
    void shouldHearSignalsWhileAnotherListenerComesAndGoes() throws Exception {
        int fd = LinuxFiles.eventfd(0, LinuxFiles.EFD_NONBLOCK | LinuxFiles.EFD_CLOEXEC);
        try (var watch = new Watch()) {
            var event = new ProgramEvent(fd, watch);
            var over = new AtomicBoolean();
            var other = Thread.ofPlatform().start(() -> {
                while (!over.get()) {
                    event.listen(() -> {}).close();
                }
            });
            int missed = 0;
            for (int round = 0; round < ROUNDS && missed == 0; round++) {
                var heard = new CountDownLatch(1);
                var listening = event.listen(heard::countDown);
                event.signal();
                missed += heard.await(PATIENCE_SECONDS, TimeUnit.SECONDS) ? 0 : 1;
                listening.close();
            }
            over.set(true);
            other.join();
            assertThat(missed).as("signals that a listener missed").isZero();
        }
        LinuxFiles.close(fd);
    }

    /** As ioeventfds of two devices: each takes the count, then acts. */
    @Test
    void shouldTellEveryListenerOfASignalThatComesWhileAnotherIsTold() throws Exception {
        int fd = LinuxFiles.eventfd(0, LinuxFiles.EFD_NONBLOCK | LinuxFiles.EFD_CLOEXEC);
        try (var watch = new Watch()) {
            var event = new ProgramEvent(fd, watch);
            var once = new AtomicBoolean();
            var first = new CountDownLatch(2);
            var second = new CountDownLatch(2);
            try (var one = event.listen(() -> {
                        event.take();
                        first.countDown();
                    });
                    var two = event.listen(() -> {
                        if (once.compareAndSet(false, true)) {
                            event.signal();
                        }
                        event.take();
                        second.countDown();
                    })) {
                event.signal();
                assertThat(first.await(PATIENCE_SECONDS, TimeUnit.SECONDS))
                        .as("the listener that had been told already is told of the second signal by %s", one)
                        .isTrue();
                assertThat(second.await(PATIENCE_SECONDS, TimeUnit.SECONDS))
                        .as("the other one by %s", two)
                        .isTrue();
            }
            assertThat(event.take()).as("what is left").isZero();
        }
        LinuxFiles.close(fd);
    }
}
