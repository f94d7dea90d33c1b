// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.notify;

import java.lang.foreign.Arena;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.uapi.Errno;

/**
 * The threads that receive calls. The kernel wakes every thread that waits for a call, not just one, so usually a single one
 * waits: a second would double the time of each call. It decides the call itself, which may block (a removal that waits for a
 * device's users) or be one of more calls than one thread can serve; {@link ReceiverWatch} notices and lets others wait too.
 * Threads without work are kept in reserve for a while. Threads are started by threads without the filter only.
 */
public final class Receivers {
    private static final Logger LOG = LoggerFactory.getLogger(Receivers.class);

    private static final int STOPPED = 1 << 20;
    private static final long RESERVE_SECONDS = 10;

    private final int listener;
    private final CallHandler handler;
    private final ThreadFactory threads;
    private final AtomicBoolean toldOfRefusal = new AtomicBoolean();

    /** How many wait for a call, or are about to; {@link #STOPPED} is added when no more may. */
    private final AtomicInteger waiting = new AtomicInteger();

    private final AtomicLong received = new AtomicLong();

    /** Threads in reserve that nobody has given a ticket yet. */
    private final AtomicInteger reserve = new AtomicInteger();

    /** A ticket makes one thread in reserve wait for calls. */
    private final Semaphore tickets = new Semaphore(0);

    private final ReceiverWatch watch;

    /** How many may wait at the same time. */
    private volatile int most = 1;

    /** Receivers of a listener, which is not theirs to close. */
    public Receivers(int listener, CallHandler handler) {
        this(
                listener,
                handler,
                Thread.ofPlatform().daemon().name("vfio4j-receiver-", 1).factory());
    }

    Receivers(int listener, CallHandler handler, ThreadFactory threads) {
        this.listener = listener;
        this.handler = handler;
        this.threads = threads;
        this.watch = new ReceiverWatch(listener, this);
    }

    /** Starts the first one. */
    public void start() {
        watch.start();
        admit();
    }

    /** Lets one more thread wait for calls, unless as many do as may. */
    void admit() {
        if (!startWaiting()) {
            return;
        }
        if (takeFromReserve()) {
            tickets.release();
        } else {
            startThread();
        }
    }

    /** The system may have no room for one more thread now; as long as nobody waits, it is asked again at each look. */
    private void startThread() {
        try {
            threads.newThread(this::run).start();
        } catch (OutOfMemoryError e) {
            waiting.decrementAndGet();
            if (toldOfRefusal.compareAndSet(false, true)) {
                LOG.warn("calls of the program wait for threads: {}", e.getMessage());
            }
        }
    }

    private boolean takeFromReserve() {
        while (true) {
            int now = reserve.get();
            if (now == 0) {
                return false;
            }
            if (reserve.compareAndSet(now, now - 1)) {
                return true;
            }
        }
    }

    /** Counts a thread that is about to wait, unless there are enough or none may any more. */
    private boolean startWaiting() {
        while (true) {
            int now = waiting.get();
            if (now >= most) {
                return false;
            }
            if (waiting.compareAndSet(now, now + 1)) {
                return true;
            }
        }
    }

    /** How many calls have been received. */
    long received() {
        return received.get();
    }

    /** Whether somebody takes the next call at once. */
    boolean someWait() {
        return waiting.get() > 0;
    }

    /** How many may wait at the same time. */
    int most() {
        return most;
    }

    /** Changes it; threads beyond it go into reserve after their next call. */
    void setMost(int next) {
        most = next;
    }

    /** From now on no thread starts to wait; those that do let the call they get proceed, and end. */
    public void stop() {
        waiting.addAndGet(STOPPED);
        watch.stop();
        while (takeFromReserve()) {
            waiting.incrementAndGet(); // until it has seen that it shall end
            tickets.release();
        }
    }

    private boolean stopped() {
        return waiting.get() >= STOPPED;
    }

    /** How many still wait after {@link #stop}: each needs one call to end. */
    public int stillWaiting() {
        return waiting.get() - STOPPED;
    }

    private void run() {
        try (var arena = Arena.ofConfined()) {
            var call = new Call(listener, arena);
            call.makeCurrent();
            do {
                while (call.receive() != 0) {
                    Thread.onSpinWait(); // whoever called was killed in the meantime
                }
                received.incrementAndGet();
                int others = waiting.decrementAndGet(); // before the answer: who stops us looks after it
                if (others >= STOPPED) {
                    call.proceed();
                    call.send();
                    return;
                }
                watch.wake();
                decide(call);
                call.send();
            } while (startWaiting() || waitInReserve());
        }
    }

    /** Waits for a ticket; false when there was none for so long, or none will be, that the thread shall end. */
    private boolean waitInReserve() {
        reserve.incrementAndGet();
        if (stopped() && takeFromReserve()) {
            return false;
        }
        try {
            if (!tickets.tryAcquire(RESERVE_SECONDS, TimeUnit.SECONDS)) {
                if (takeFromReserve()) {
                    return false;
                }
                tickets.acquire(); // given in this moment
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException("nobody interrupts receivers", e);
        }
        // Whoever gave the ticket has counted this thread as waiting.
        if (stopped()) {
            waiting.decrementAndGet();
            return false;
        }
        return true;
    }

    @SuppressWarnings("CatchingUnchecked") // a program must not hang because of a mistake here
    private void decide(Call call) {
        try {
            handler.handle(call);
        } catch (Exception | LinkageError | AssertionError e) {
            LOG.error("system call {} could not be decided", call.number(), e);
            call.refuse(Errno.EIO);
        }
    }
}
