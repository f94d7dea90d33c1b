// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.nio.file.Files;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.vfio4j.runner.watch.Watch;

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
}
