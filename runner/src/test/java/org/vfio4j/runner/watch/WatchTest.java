// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.watch;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.vfio4j.ffm.LinuxFiles;

class WatchTest {
    private static final long PATIENCE_SECONDS = 60;

    private static int event() {
        return LinuxFiles.eventfd(0, LinuxFiles.EFD_NONBLOCK | LinuxFiles.EFD_CLOEXEC);
    }

    private static void signal(int event) {
        try (var arena = Arena.ofConfined()) {
            LinuxFiles.write(event, arena.allocateFrom(ValueLayout.JAVA_LONG, 1));
        }
    }

    private static void take(int event) {
        try (var arena = Arena.ofConfined()) {
            LinuxFiles.read(event, arena.allocate(Long.BYTES, Long.BYTES));
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void shouldActWhenADescriptorIsReadable() {
        int event = event();
        var acted = new CountDownLatch(1);
        try (var watch = new Watch()) {
            watch.add(event, () -> {
                take(event);
                acted.countDown();
            });
            signal(event);
            await(acted);
        }
        LinuxFiles.close(event);
    }

    @Test
    void shouldNotActForADescriptorThatGotTheNumberOfAnother() {
        // In one turn the middle one's action waits while the others, before and after it, come to mean something else.
        var events = List.of(event(), event(), event());
        int middle = events.get(1);
        var waiting = new CountDownLatch(1);
        var exchanged = new CountDownLatch(1);
        var later = new CountDownLatch(1);
        var mistaken = new AtomicInteger();
        try (var watch = new Watch()) {
            // All are readable before the first turn sees any of them.
            var gate = new CountDownLatch(1);
            int first = event();
            watch.add(first, () -> {
                take(first);
                await(gate);
            });
            signal(first);
            for (int event : events) {
                signal(event);
            }
            watch.add(middle, () -> {
                take(middle);
                waiting.countDown();
                await(exchanged);
            });
            for (int other : List.of(events.get(0), events.get(2))) {
                watch.add(other, () -> take(other));
            }
            gate.countDown();
            await(waiting);
            for (int other : List.of(events.get(0), events.get(2))) {
                watch.remove(other);
                take(other);
                watch.add(other, mistaken::incrementAndGet);
            }
            int last = event();
            watch.add(last, () -> {
                take(last);
                later.countDown();
            });
            signal(last);
            exchanged.countDown();
            await(later);
            LinuxFiles.close(first);
            LinuxFiles.close(last);
        }
        assertThat(mistaken)
                .as("actions of descriptors that never were readable")
                .hasValue(0);
        Collections.unmodifiableList(events).forEach(LinuxFiles::close);
    }

    @Test
    void shouldTouchNoDescriptorAfterItsEnd() {
        int watched = event();
        var watch = new Watch();
        watch.close();
        // One of these gets the number that the watch had for itself.
        var later = IntStream.range(0, 64).mapToObj(i -> event()).toList();
        watch.add(watched, () -> {});
        watch.remove(watched);
        try (var arena = Arena.ofConfined()) {
            var counter = arena.allocate(Long.BYTES, Long.BYTES);
            assertThat(later)
                    .as("counters of others that nobody signalled")
                    .allMatch(event -> LinuxFiles.read(event, counter) < 0);
        }
        later.forEach(LinuxFiles::close);
        LinuxFiles.close(watched);
    }
}
