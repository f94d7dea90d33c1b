// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.notify;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ReceiversTest {
    private static final long PATIENCE_SECONDS = 30;

    @Test
    void shouldTryAgainWhenTheSystemHasNoRoomForAThread() throws InterruptedException {
        var refusals = new AtomicInteger();
        var started = new CountDownLatch(1);
        var receivers = new Receivers(-1, Call::proceed, run -> {
            if (refusals.getAndIncrement() < 3) {
                throw new OutOfMemoryError("unable to create native thread");
            }
            return Thread.ofPlatform().daemon().unstarted(started::countDown); // it would wait for calls
        });
        receivers.start();
        assertThat(started.await(PATIENCE_SECONDS, TimeUnit.SECONDS))
                .as("a receiver, after %s refusals", refusals)
                .isTrue();
        assertThat(receivers.someWait()).isTrue();
        receivers.stop();
        assertThat(receivers.stillWaiting())
                .as("receivers that need one more call")
                .isEqualTo(1);
    }
}
