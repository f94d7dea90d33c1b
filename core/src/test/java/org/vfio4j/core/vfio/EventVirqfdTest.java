// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.core.fixture.RawCalls.refused;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vfio4j.ProcessOptions;
import org.vfio4j.core.memory.FrameTable;
import org.vfio4j.core.process.EventCounter;
import org.vfio4j.core.process.LocalProcess;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.UapiFile;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;

/** Event files whose signals call a driver. Spec: core HP-4. */
@Timeout(30)
class EventVirqfdTest {
    private final AtomicInteger handled = new AtomicInteger();
    private final AtomicInteger worked = new AtomicInteger();
    private final EventCounter event = new EventCounter();

    private final EventVirqfd handlerOnly = new EventVirqfd(
            () -> {
                handled.incrementAndGet();
                return false;
            },
            null);

    @Test
    @Spec("C-136")
    void shouldRefuseWhatIsNoEventFile() {
        try (var process = new LocalProcess(
                (path, flags) -> {
                    throw new AssertionError();
                },
                new FrameTable(),
                ProcessOptions.root())) {
            refused(Errno.EBADF, () -> process.files().event(7));
            refused(Errno.EBADF, () -> process.files().event(-1));
            int fd = process.files().reserve();
            process.files().install(fd, new OtherFile());
            refused(Errno.EINVAL, () -> process.files().event(fd));
            int eventfd = process.eventfd(0);
            handlerOnly.enable(process.files().event(eventfd));
            assertThat(handlerOnly.enabled()).isTrue();
        }
    }

    @Test
    @Spec("C-136")
    void shouldConsumeEachSignalAndHaveOnePlace() {
        handlerOnly.enable(event);
        refused(Errno.EBUSY, () -> handlerOnly.enable(new EventCounter()));
        refused(Errno.EBUSY, () -> handlerOnly.enable(event));
        event.signal();
        event.signal();
        assertThat(handled).hasValue(2);
        assertThat(event.take()).as("left in the counter").isZero();
        handlerOnly.disable();
        handlerOnly.disable();
        event.signal();
        assertThat(handled).as("calls after disable").hasValue(2);
        assertThat(event.take()).isEqualTo(1);
        handlerOnly.enable(event);
        event.signal();
        assertThat(handled).hasValue(3);
    }

    @Test
    @Spec("C-136")
    void shouldDeliverAPendingEventOnceAndLeaveItsCount() {
        event.signal();
        event.signal();
        handlerOnly.enable(event);
        assertThat(handled).hasValue(1);
        assertThat(event.take()).isEqualTo(2);
    }

    @Test
    @Spec("C-136")
    void shouldFreeThePlaceWhenUsersCloseTheEventFile() {
        handlerOnly.enable(event);
        event.close();
        assertThat(handlerOnly.enabled()).isFalse();
        var next = new EventCounter();
        handlerOnly.enable(next);
        next.signal();
        assertThat(handled).hasValue(1);
    }

    @Test
    void shouldRunTheThreadFunctionOnceForSignalsThatArriveMeanwhile() throws Exception {
        var begun = new CountDownLatch(1);
        var goOn = new CountDownLatch(1);
        var virqfd = new EventVirqfd(null, () -> {
            worked.incrementAndGet();
            begun.countDown();
            awaitQuietly(goOn);
        });
        virqfd.enable(event);
        event.signal();
        begun.await();
        event.signal();
        event.signal();
        event.signal();
        goOn.countDown();
        virqfd.flush();
        assertThat(worked).as("runs for one signal and three more").hasValue(2);
        virqfd.disable();
    }

    @Test
    void shouldRunTheThreadFunctionOnlyIfTheHandlerAsks() {
        var virqfd = new EventVirqfd(() -> handled.incrementAndGet() == 2, worked::incrementAndGet);
        virqfd.enable(event);
        event.signal();
        virqfd.flush();
        assertThat(worked).hasValue(0);
        event.signal();
        virqfd.flush();
        assertThat(worked).hasValue(1);
    }

    @Test
    @Spec("C-136")
    void shouldWaitForARunningHandlerBeforeDisableReturns() throws Exception {
        var inside = new CountDownLatch(1);
        var goOn = new CountDownLatch(1);
        var virqfd = new EventVirqfd(
                () -> {
                    inside.countDown();
                    awaitQuietly(goOn);
                    handled.incrementAndGet();
                    return false;
                },
                null);
        virqfd.enable(event);
        var signaller = CompletableFuture.runAsync(event::signal);
        inside.await();
        var handledAtReturn = CompletableFuture.supplyAsync(() -> {
            virqfd.disable();
            return handled.get();
        });
        goOn.countDown();
        assertThat(handledAtReturn.get())
                .as("handlers done when disable returned")
                .isEqualTo(1);
        signaller.get();
    }

    @Test
    void shouldLetItsOwnHandlerDisableIt() {
        var places = new EventVirqfd[1];
        places[0] = new EventVirqfd(
                () -> {
                    handled.incrementAndGet();
                    places[0].disable();
                    return false;
                },
                null);
        places[0].enable(event);
        event.signal();
        event.signal();
        assertThat(handled).hasValue(1);
    }

    /** A file that is no event file. */
    private static final class OtherFile implements UapiFile {
        @Override
        public long ioctl(Caller caller, int command, long argument) {
            return 0;
        }

        @Override
        public void close() {}
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
