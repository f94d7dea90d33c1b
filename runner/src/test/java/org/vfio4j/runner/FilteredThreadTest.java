// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vfio4j.ffm.LinuxFiles;
import org.vfio4j.runner.notify.CallHandler;

/** Calls of threads with the filter, answered by receivers; {@code pread} of one byte stands for any call that is notified. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FilteredThreadTest {
    private static final int CALLERS = 64;
    private static final long ANSWER = 4711;
    private static final int PREAD64 = 17;

    private final Set<Thread> receivers = ConcurrentHashMap.newKeySet();

    private CallHandler remembering(CallHandler handler) {
        return call -> {
            receivers.add(Thread.currentThread());
            // The threads load classes too, and the first call of all, at 0, is the starter's own.
            if (call.number() == PREAD64 && call.intArgument(0) == -1 && call.argument(3) != 0) {
                handler.handle(call);
            } else {
                call.proceed();
            }
        };
    }

    /** Makes the call in a new thread with the filter, as often as asked. */
    private static Thread caller(int index, int calls, ConcurrentLinkedQueue<Long> answers) {
        return Thread.ofPlatform().daemon().start(() -> {
            try (var arena = Arena.ofConfined()) {
                var nothing = arena.allocate(1);
                for (int i = 0; i < calls; i++) {
                    answers.add(LinuxFiles.pread(-1, nothing, index * 1000L + i));
                }
            }
        });
    }

    private static void finish(List<Thread> threads) throws InterruptedException {
        for (Thread thread : threads) {
            thread.join();
        }
    }

    @Test
    void shouldReceiveAsManyCallsAsBlockAtTheSameTime() throws Exception {
        var answers = new ConcurrentLinkedQueue<Long>();
        var all = new CyclicBarrier(CALLERS);
        CallHandler blocking = call -> {
            call.answer(ANSWER);
            await(all);
        };
        try (var filtered = FilteredThread.start(remembering(blocking))) {
            finish(filtered.call(() -> IntStream.rangeClosed(1, CALLERS)
                    .mapToObj(i -> caller(i, 3, answers))
                    .toList()));
        }
        assertThat(answers).hasSize(CALLERS * 3).containsOnly(ANSWER);
        for (Thread receiver : receivers) {
            receiver.join();
        }
    }

    private static void await(CyclicBarrier barrier) {
        try {
            barrier.await(30, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new IllegalStateException("not all calls were received at the same time", e);
        }
    }

    @Test
    void shouldAnswerEachCallOfManyThreadsWithItsOwnAnswer() throws Exception {
        var wrong = new AtomicInteger();
        try (var filtered = FilteredThread.start(remembering(call -> call.answer(call.argument(3) * 3)))) {
            finish(filtered.call(() -> IntStream.range(0, CALLERS)
                    .mapToObj(index -> Thread.ofPlatform().daemon().start(() -> {
                        try (var arena = Arena.ofConfined()) {
                            var nothing = arena.allocate(1);
                            for (long i = 1; i <= 500; i++) {
                                if (LinuxFiles.pread(-1, nothing, index * 1000L + i) != (index * 1000L + i) * 3) {
                                    wrong.incrementAndGet();
                                }
                            }
                        }
                    }))
                    .toList()));
        }
        assertThat(wrong).hasValue(0);
    }

    @Test
    void shouldTakeCallsAgainAfterAPause() throws Exception {
        var answers = new ConcurrentLinkedQueue<Long>();
        try (var filtered = FilteredThread.start(remembering(call -> call.answer(ANSWER)))) {
            for (int round = 0; round < 5; round++) {
                int index = round + 1;
                finish(List.of(filtered.call(() -> caller(index, 2, answers))));
                Thread.sleep(60); // long enough that nobody looks after the receivers any more
            }
        }
        assertThat(answers).hasSize(10).containsOnly(ANSWER);
    }

    @Test
    void shouldTakeANewCallAfterAPauseWhileAnotherStillBlocks() throws Exception {
        var answers = new ConcurrentLinkedQueue<Long>();
        var entered = new CountDownLatch(1);
        var release = new CountDownLatch(1);
        CallHandler blocking = call -> {
            call.answer(ANSWER);
            if (call.argument(3) == 1000) {
                entered.countDown();
                awaitRelease(release);
            }
        };
        try (var filtered = FilteredThread.start(remembering(blocking))) {
            Thread blocked = filtered.call(() -> caller(1, 1, answers));
            entered.await();
            Thread.sleep(60); // long enough that nobody looks after the receivers any more
            finish(List.of(filtered.call(() -> caller(2, 3, answers))));
            assertThat(answers).as("the calls beside the one that blocks").hasSize(3);
            release.countDown();
            blocked.join();
        }
        assertThat(answers).hasSize(4).containsOnly(ANSWER);
    }

    private static void awaitRelease(CountDownLatch release) {
        try {
            release.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void shouldEndEveryReceiverWhenClosed() throws Exception {
        var answers = new ConcurrentLinkedQueue<Long>();
        var all = new CyclicBarrier(8);
        CallHandler blocking = call -> {
            call.answer(ANSWER);
            await(all);
        };
        var filtered = FilteredThread.start(remembering(blocking));
        finish(filtered.call(() ->
                IntStream.rangeClosed(1, 8).mapToObj(i -> caller(i, 1, answers)).toList()));
        assertThat(receivers).as("receivers, most of them in reserve by now").hasSizeGreaterThanOrEqualTo(8);
        filtered.close();
        for (Thread receiver : receivers) {
            receiver.join(10_000);
            assertThat(receiver.isAlive()).as(receiver + " is alive").isFalse();
        }
    }

    @Test
    void shouldAnswerEioWhenAHandlerFails() throws Exception {
        var answers = new ConcurrentLinkedQueue<Long>();
        CallHandler failing = call -> {
            throw new IllegalArgumentException("on purpose");
        };
        try (var filtered = FilteredThread.start(remembering(failing))) {
            finish(List.of(filtered.call(() -> caller(1, 1, answers))));
        }
        assertThat(answers).containsExactly(-5L);
    }

    @Test
    void shouldRefuseToCallAnythingAfterTheEnd() {
        var filtered = FilteredThread.start(call -> call.proceed());
        filtered.close();
        assertThatIllegalStateException()
                .isThrownBy(() -> filtered.call(() -> {
                    Thread.sleep(1);
                    return "something";
                }));
    }
}
