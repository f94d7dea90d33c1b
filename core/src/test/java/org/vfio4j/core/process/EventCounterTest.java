// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vfio4j.spi.call.EventFile;
import org.vfio4j.spi.call.UapiFile;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

@Timeout(60)
class EventCounterTest {
    private static final Duration LONG = Duration.ofDays(100_000_000);

    private final EventCounter event = new EventCounter();
    private final MemorySegment value = Arena.ofAuto().allocate(16, 8);

    private static void assertErrno(Errno errno, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        VfioException.class, e -> assertThat(e.errno()).isEqualTo(errno));
    }

    private long write(long number) {
        value.set(ValueLayout.JAVA_LONG, 0, number);
        return event.write(0, value);
    }

    private long read() {
        assertThat(event.read(0, value)).isEqualTo(8);
        return value.get(ValueLayout.JAVA_LONG, 0);
    }

    @Test
    void shouldAddUpSignalsAndWritesUntilRead() {
        event.signal();
        assertThat(write(41)).isEqualTo(8);
        assertThat(read()).isEqualTo(42);
        assertErrno(Errno.EAGAIN, this::read);
        assertThat(event.take()).isZero();
    }

    @Test
    void shouldRefuseBuffersOfFewerThanEightBytes() {
        event.signal();
        assertErrno(Errno.EINVAL, () -> event.read(0, value.asSlice(0, 7)));
        assertErrno(Errno.EINVAL, () -> event.write(0, value.asSlice(0, 7)));
        assertThat(event.take()).as("nothing is lost").isEqualTo(1);
    }

    @Test
    void shouldStopAtItsLimits() {
        assertErrno(Errno.EINVAL, () -> write(-1));
        assertThat(write(-2)).isEqualTo(8);
        assertThat(event.poll()).as("full but readable").isEqualTo(UapiFile.POLL_IN);
        assertErrno(Errno.EAGAIN, () -> write(1));
        assertThat(write(0)).isEqualTo(8);
        event.signal();
        event.signal();
        assertErrno(Errno.EAGAIN, () -> write(1));
        assertThat(event.take()).as("signals stop at 2^64-1").isEqualTo(-1);
    }

    @Test
    void shouldPollReadableWhileNotZero() {
        assertThat(event.poll()).isEqualTo(UapiFile.POLL_OUT);
        event.signal();
        assertThat(event.poll()).isEqualTo(UapiFile.POLL_IN | UapiFile.POLL_OUT);
        assertThat(event.fdinfo()).isEqualTo("eventfd-count:                1\n");
    }

    @Test
    void shouldBeAFileWithoutPositionAndMapping() {
        assertThat(event.positional()).isFalse();
        assertErrno(Errno.ENODEV, () -> event.mmap(0, 4096, 1, true));
    }

    @Test
    void shouldCallListenersOnEverySignalUntilTheyAreClosed() {
        var calls = new AtomicInteger();
        event.signal();
        EventFile.Listening one = event.listen(calls::incrementAndGet);
        EventFile.Listening two = event.listen(() -> calls.addAndGet(100));
        assertThat(calls).as("signals from before").hasValue(0);
        event.signal();
        write(1);
        assertThat(calls).hasValue(202);
        one.close();
        one.close();
        event.signal();
        assertThat(calls).hasValue(302);
        assertThat(event.closed()).isFalse();
        event.close();
        assertThat(event.closed()).isTrue();
        event.signal();
        assertThat(calls).as("after close").hasValue(302);
        assertThat(event.take()).as("whoever holds it still signals").isEqualTo(5);
        event.listen(calls::incrementAndGet).close();
        two.close();
    }

    @Test
    void shouldTakeWhatIsThereWithoutWaiting() throws InterruptedException {
        assertThat(event.await(Duration.ZERO)).isZero();
        assertThat(event.await(Duration.ofSeconds(-1))).isZero();
        event.signal();
        event.signal();
        assertThat(event.await(LONG)).isEqualTo(2);
        assertThat(event.await(Duration.ofMillis(1))).as("time is over").isZero();
    }

    @Test
    void shouldWakeEveryWaiterOnceAndLoseNoSignal() throws Exception {
        int rounds = 5_000;
        var back = new EventCounter();
        try (var executor = Executors.newFixedThreadPool(1)) {
            Future<Long> echo = executor.submit(() -> {
                long sum = 0;
                for (int i = 0; i < rounds; i++) {
                    sum += event.await(LONG);
                    back.signal();
                }
                return sum;
            });
            for (int i = 0; i < rounds; i++) {
                event.signal();
                assertThat(back.await(LONG)).isEqualTo(1);
            }
            assertThat(echo.get()).isEqualTo(rounds);
        }
    }

    @Test
    void shouldAddUpSignalsOfManyThreads() throws Exception {
        try (var executor = Executors.newFixedThreadPool(3)) {
            List<Future<?>> all = new ArrayList<>();
            for (int t = 0; t < 3; t++) {
                all.add(executor.submit(() -> {
                    for (int i = 0; i < 10_000; i++) {
                        event.signal();
                    }
                }));
            }
            long sum = 0;
            while (sum < 30_000) {
                sum += event.await(LONG);
            }
            for (Future<?> one : all) {
                one.get();
            }
            assertThat(sum + event.take()).isEqualTo(30_000);
        }
    }

    @Test
    void shouldEndTheWaitOnInterrupt() {
        Thread.currentThread().interrupt();
        event.signal();
        assertThatThrownBy(() -> event.await(LONG)).isInstanceOf(InterruptedException.class);
        assertThat(event.take()).as("nothing is taken").isEqualTo(1);
    }

    @Test
    void shouldEndTheWaitOnClose() throws Exception {
        try (var executor = Executors.newFixedThreadPool(1)) {
            Future<Long> waiting = executor.submit(() -> event.await(LONG));
            event.close();
            assertThat(waiting.get()).isZero();
        }
    }
}
