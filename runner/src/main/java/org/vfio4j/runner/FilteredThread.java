// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.ffm.LinuxFiles;
import org.vfio4j.ffm.LinuxSeccomp;
import org.vfio4j.runner.mount.MountedTree;
import org.vfio4j.runner.notify.CallHandler;
import org.vfio4j.runner.notify.InterestingCalls;
import org.vfio4j.runner.notify.Receivers;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The thread that has the filter, from which programs are started: what it starts inherits the filter, this JVM's other threads do
 * not have it. Its own calls are intercepted too, and at the end it makes some to wake the receivers.
 */
final class FilteredThread implements MountedTree.Starter, AutoCloseable {
    private static final long PAUSE_NANOSECONDS = 100_000;

    private static final Logger LOG = LoggerFactory.getLogger(FilteredThread.class);

    private final LinkedBlockingQueue<Runnable> work = new LinkedBlockingQueue<>();
    private int listener;
    private @Nullable Receivers receivers;
    private volatile boolean closed;

    /** Complete when the thread does nothing any more. */
    private final CompletableFuture<@Nullable Void> ended = new CompletableFuture<>();

    /** Starts the thread, without a filter yet. */
    FilteredThread() {
        Thread.ofPlatform().daemon().name("vfio4j-starter").start(this::run);
    }

    /** Starts the thread with a filter; see {@link #intercept}. */
    static FilteredThread start(CallHandler handler) {
        var made = new FilteredThread();
        try {
            made.intercept(handler, false);
        } catch (VfioException e) {
            made.close();
            throw e;
        }
        return made;
    }

    /**
     * Installs the filter and starts the receivers of the thread's calls.
     *
     * @param mounted whether programs see the machine's tree mounted
     * @throws VfioException ENOSYS or EPERM: calls cannot be intercepted here; EBUSY: somebody intercepts those of this JVM
     */
    void intercept(CallHandler handler, boolean mounted) {
        int fd = call(() -> LinuxSeccomp.installListener(InterestingCalls.filter(mounted)));
        if (fd < 0) {
            throw new VfioException(
                    Errno.of(-fd),
                    "system calls of programs cannot be intercepted here: seccomp(2) with a listener answered "
                            + Errno.of(-fd));
        }
        if (LinuxSeccomp.setSyncWakeUp(fd) != 0) {
            LOG.debug("the kernel has no synchronous wake-up of listeners; calls take a little longer");
        }
        listener = fd;
        var made = new Receivers(fd, handler);
        made.start();
        receivers = made;
        call(() -> {
            nudge(); // whatever must be loaded for the first answer is loaded now
            return null;
        });
    }

    private void run() {
        try {
            while (!closed) {
                work.take().run();
            }
        } catch (InterruptedException e) {
            LOG.debug("interrupted", e);
        } finally {
            ended.complete(null);
        }
    }

    /**
     * Calls something in the thread and waits for it.
     *
     * @throws CompletionException with what it threw
     * @throws IllegalStateException when the thread has ended before
     */
    @Override
    public <T> T call(Callable<T> action) {
        var result = new CompletableFuture<T>();
        work.add(() -> {
            try {
                result.complete(action.call());
            } catch (Exception | Error e) {
                result.completeExceptionally(e);
            }
        });
        CompletableFuture.anyOf(result, ended).exceptionally(thrown -> null).join();
        if (!result.isDone()) {
            throw new IllegalStateException("no program can be started any more");
        }
        return result.join();
    }

    /** A call that is notified and does nothing. */
    private static void nudge() {
        try (var arena = Arena.ofConfined()) {
            MemorySegment nothing = arena.allocate(1);
            LinuxFiles.pread(-1, nothing, 0);
        }
    }

    /** Ends the receivers and the thread. A receiver that is still busy ends with what it does. */
    @Override
    public void close() {
        var started = receivers;
        if (started == null) {
            work.add(() -> closed = true);
            return;
        }
        started.stop();
        work.add(() -> {
            while (started.stillWaiting() > 0) {
                nudge();
            }
            closed = true;
        });
        // A call of a program may take the last receiver away from a nudge, which then waits until the listener is
        // gone.
        while (started.stillWaiting() > 0) {
            LockSupport.parkNanos(PAUSE_NANOSECONDS);
        }
        LinuxFiles.close(listener);
    }
}
