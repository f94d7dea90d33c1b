// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.process;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.EventFile;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * An event counter (kernel: {@code eventfd} opened non-blocking, not a semaphore). Thread-safe. {@link #signal} takes no
 * lock, does not block and does not allocate.
 */
public final class EventCounter implements EventFile {
    /** Largest value a write can reach, unsigned; {@link #signal} alone can go one further. */
    private static final long MAX_WRITTEN = -2;

    /** The counter has overflowed and stays there until it is read. */
    private static final long OVERFLOWN = -1;

    private static final ValueLayout.OfLong VALUE = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final Thread[] NO_THREADS = {};
    private static final Listener[] NO_LISTENERS = {};

    /** An unsigned number. */
    private final AtomicLong counter;

    /** Guards changes of {@link #waiters}, {@link #listeners} and {@link #closed}; readers see whole arrays. Innermost. */
    private final ReentrantLock watchersLock = new ReentrantLock();

    private volatile Thread[] waiters = NO_THREADS;
    private volatile Listener[] listeners = NO_LISTENERS;
    private volatile boolean closed;

    /** A counter that stands at 0. */
    public EventCounter() {
        this(0);
    }

    /**
     * A counter.
     *
     * @param initial its value, unsigned
     */
    public EventCounter(long initial) {
        counter = new AtomicLong(initial);
    }

    @Override
    public void signal() {
        add(1, OVERFLOWN);
        wake();
    }

    /** Adds unless the sum would exceed a maximum, all unsigned; signalling an overflown counter keeps it there. */
    private boolean add(long value, long maximum) {
        while (true) {
            long now = counter.get();
            if (Long.compareUnsigned(value, maximum - now) > 0 || Long.compareUnsigned(now, maximum) > 0) {
                return false;
            }
            if (counter.compareAndSet(now, now + value)) {
                return true;
            }
        }
    }

    private void wake() {
        for (Thread waiter : waiters) {
            LockSupport.unpark(waiter);
        }
        for (Listener listener : listeners) {
            listener.signalled();
        }
    }

    @Override
    public long take() {
        return counter.getAndSet(0);
    }

    /**
     * Waits for a signal and takes the counter's value.
     *
     * @param time how long at most; zero or less does not wait
     * @return the value; 0 when the time is over or the file was closed meanwhile
     * @throws InterruptedException when the thread is interrupted; nothing is taken then
     */
    public long await(Duration time) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        long value = take();
        if (value != 0 || time.isNegative() || time.isZero()) {
            return value;
        }
        long start = System.nanoTime();
        long nanos = saturatedNanos(time);
        Thread self = Thread.currentThread();
        addWaiter(self);
        try {
            while (true) {
                // After becoming a waiter, so that no signal falls between this look and the wait.
                value = take();
                long left = nanos - (System.nanoTime() - start);
                if (value != 0 || closed || left <= 0) {
                    return value;
                }
                LockSupport.parkNanos(this, left);
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
            }
        } finally {
            removeWaiter(self);
        }
    }

    private static long saturatedNanos(Duration time) {
        return time.compareTo(Duration.ofNanos(Long.MAX_VALUE)) < 0 ? time.toNanos() : Long.MAX_VALUE;
    }

    private void addWaiter(Thread thread) {
        watchersLock.lock();
        try {
            Thread[] more = Arrays.copyOf(waiters, waiters.length + 1);
            more[waiters.length] = thread;
            waiters = more;
        } finally {
            watchersLock.unlock();
        }
    }

    private void removeWaiter(Thread thread) {
        watchersLock.lock();
        try {
            List<Thread> fewer = new ArrayList<>(Arrays.asList(waiters));
            fewer.remove(thread);
            waiters = fewer.toArray(NO_THREADS);
        } finally {
            watchersLock.unlock();
        }
    }

    @Override
    public Listening listen(Runnable listener) {
        var added = new Listener(listener);
        watchersLock.lock();
        try {
            if (closed) {
                added.stopped = true;
                return added;
            }
            Listener[] more = Arrays.copyOf(listeners, listeners.length + 1);
            more[listeners.length] = added;
            listeners = more;
        } finally {
            watchersLock.unlock();
        }
        return added;
    }

    private final class Listener implements Listening {
        private final Runnable action;
        private volatile boolean stopped;

        Listener(Runnable action) {
            this.action = action;
        }

        void signalled() {
            if (!stopped) {
                action.run();
            }
        }

        @Override
        public void close() {
            stopped = true;
            watchersLock.lock();
            try {
                List<Listener> fewer = new ArrayList<>(Arrays.asList(listeners));
                fewer.remove(this);
                listeners = fewer.toArray(NO_LISTENERS);
            } finally {
                watchersLock.unlock();
            }
        }
    }

    @Override
    public boolean closed() {
        return closed;
    }

    @Override
    public long ioctl(Caller caller, int command, long argument) {
        throw new VfioException(Errno.ENOTTY, "an eventfd has no ioctl 0x" + Integer.toHexString(command));
    }

    /**
     * Takes the counter's value as 8 bytes.
     *
     * @throws VfioException EINVAL fewer than 8 bytes asked for, EAGAIN when the value is 0
     */
    @Override
    public long read(long position, MemorySegment target) {
        if (target.byteSize() < VALUE.byteSize()) {
            throw new VfioException(Errno.EINVAL, "eventfd read of " + target.byteSize() + " bytes, fewer than 8");
        }
        long value = take();
        if (value == 0) {
            throw new VfioException(Errno.EAGAIN, "eventfd read: nothing was signalled");
        }
        target.set(VALUE, 0, value);
        return VALUE.byteSize();
    }

    /**
     * Adds a number of 8 bytes.
     *
     * @throws VfioException EINVAL fewer than 8 bytes or the number 2^64-1, EAGAIN when the sum would exceed 2^64-2
     */
    @Override
    public long write(long position, MemorySegment source) {
        if (source.byteSize() < VALUE.byteSize()) {
            throw new VfioException(Errno.EINVAL, "eventfd write of " + source.byteSize() + " bytes, fewer than 8");
        }
        long value = source.get(VALUE, 0);
        if (value == OVERFLOWN) {
            throw new VfioException(Errno.EINVAL, "eventfd write of 2^64-1");
        }
        if (!add(value, MAX_WRITTEN)) {
            throw new VfioException(Errno.EAGAIN, "eventfd write: the counter would exceed 2^64-2");
        }
        wake();
        return VALUE.byteSize();
    }

    @Override
    public boolean positional() {
        return false;
    }

    @Override
    public int poll() {
        long now = counter.get();
        int readable = now == 0 ? 0 : POLL_IN;
        return Long.compareUnsigned(now, MAX_WRITTEN) < 0 ? readable | POLL_OUT : readable;
    }

    @Override
    public String fdinfo() {
        return "eventfd-count: %16s\n".formatted(Long.toHexString(counter.get()));
    }

    @Override
    public void close() {
        watchersLock.lock();
        try {
            closed = true;
            listeners = NO_LISTENERS;
        } finally {
            watchersLock.unlock();
        }
        for (Thread waiter : waiters) {
            LockSupport.unpark(waiter);
        }
    }
}
