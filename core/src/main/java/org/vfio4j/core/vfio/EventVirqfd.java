// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.spi.call.EventFile;
import org.vfio4j.spi.call.UapiFile;
import org.vfio4j.spi.device.Virqfd;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** The core's place for an event file that calls a driver. Spec: core HP-4. */
public final class EventVirqfd implements Virqfd {
    private static final Logger LOG = LoggerFactory.getLogger(EventVirqfd.class);

    private final @Nullable Handler handler;
    private final @Nullable Runnable thread;

    /** Guards everything below; taken before an event file's own lock, never held while the driver is called. */
    private final ReentrantLock lock = new ReentrantLock();

    /** Signalled when a handler or the thread function has ended. */
    private final Condition idle = lock.newCondition();

    private @Nullable Use use;

    /** The thread function is to run (again). */
    private boolean due;

    /** Runs it; null when it is not due. */
    private @Nullable Thread worker;

    /**
     * A free place.
     *
     * @param handler what a signal does at once, if anything
     * @param thread what may take longer, if anything
     */
    public EventVirqfd(@Nullable Handler handler, @Nullable Runnable thread) {
        this.handler = handler;
        this.thread = thread;
    }

    /** One event file's time in the place. */
    private final class Use {
        private final EventFile event;
        private EventFile.@Nullable Listening listening;
        private boolean ended;

        /** Threads that are in the handler now. */
        private final List<Thread> handlers = new ArrayList<>(2);

        private Use(EventFile event) {
            this.event = event;
        }

        /** A signal arrived; its count is consumed. */
        private void signalled() {
            if (enter()) {
                try {
                    event.take();
                    handle();
                } finally {
                    exit();
                }
            }
        }

        /** What was signalled before counts too; the user still finds the count. */
        private void pending() {
            if ((event.poll() & UapiFile.POLL_IN) != 0 && enter()) {
                try {
                    handle();
                } finally {
                    exit();
                }
            }
        }

        private boolean enter() {
            lock.lock();
            try {
                if (ended) {
                    return false;
                }
                handlers.add(Thread.currentThread());
                return true;
            } finally {
                lock.unlock();
            }
        }

        private void exit() {
            lock.lock();
            try {
                handlers.remove(Thread.currentThread());
                idle.signalAll();
            } finally {
                lock.unlock();
            }
        }

        /** Ends the use; returns when no handler of it is running, but for one that ends its own use. */
        private void end() {
            var calls = listening;
            if (calls != null) {
                calls.close();
            }
            while (handlers.stream().anyMatch(thread -> thread != Thread.currentThread())) {
                idle.awaitUninterruptibly();
            }
        }
    }

    @Override
    public void enable(EventFile event) {
        Use taken;
        lock.lock();
        try {
            for (var before = use; before != null; before = use) {
                if (!before.event.closed()) {
                    throw new VfioException(Errno.EBUSY, "HP-4", "the place for an event file is taken");
                }
                stop(before);
            }
            taken = new Use(event);
            use = taken;
            taken.listening = event.listen(taken::signalled);
        } finally {
            lock.unlock();
        }
        taken.pending();
    }

    @Override
    public boolean enabled() {
        lock.lock();
        try {
            return use != null && !use.event.closed();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void disable() {
        lock.lock();
        try {
            var before = use;
            if (before != null) {
                stop(before);
            }
            awaitThread();
        } finally {
            lock.unlock();
        }
    }

    /** Frees the place; the lock is held. */
    private void stop(Use before) {
        before.ended = true;
        if (use == before) {
            use = null;
        }
        before.end();
    }

    @Override
    public void flush() {
        lock.lock();
        try {
            awaitThread();
        } finally {
            lock.unlock();
        }
    }

    private void awaitThread() {
        while (worker != null && worker != Thread.currentThread()) {
            idle.awaitUninterruptibly();
        }
    }

    private void handle() {
        if ((handler == null || handler.signalled()) && thread != null) {
            lock.lock();
            try {
                due = true;
                if (worker == null) {
                    worker = Thread.ofVirtual().name("virqfd").unstarted(() -> work(thread));
                    worker.start();
                }
            } finally {
                lock.unlock();
            }
        }
    }

    /** Runs the function once for all signals that arrived before it began. */
    private void work(Runnable function) {
        while (takeDue()) {
            try {
                function.run();
            } catch (RuntimeException e) {
                LOG.error("what a signal of an event file had to do failed", e);
            }
        }
    }

    private boolean takeDue() {
        lock.lock();
        try {
            boolean again = due;
            due = false;
            if (!again) {
                worker = null;
                idle.signalAll();
            }
            return again;
        } finally {
            lock.unlock();
        }
    }
}
