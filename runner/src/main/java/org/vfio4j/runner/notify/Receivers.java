// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.notify;

import java.lang.foreign.Arena;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.uapi.Errno;

/**
 * The threads that receive calls. A call may block (a removal that waits for a device's users), so there is always one more
 * thread that waits for the next call; those too many end. Threads are started by threads without the filter only.
 */
public final class Receivers {
    private static final Logger LOG = LoggerFactory.getLogger(Receivers.class);

    /** Threads that wait for a call, when nothing is done. */
    private static final int IDLE = 2;

    /** So many stay when calls have become fewer. */
    private static final int MOST_IDLE = 4;

    private static final int STOPPED = 1 << 20;

    private final int listener;
    private final CallHandler handler;
    private final AtomicInteger names = new AtomicInteger();

    /** How many wait for a call; {@link #STOPPED} is added when no more may. */
    private final AtomicInteger waiting = new AtomicInteger();

    /** Receivers of a listener, which is not theirs to close. */
    public Receivers(int listener, CallHandler handler) {
        this.listener = listener;
        this.handler = handler;
    }

    /** Starts the first ones. */
    public void start() {
        for (int i = 0; i < IDLE; i++) {
            startOne();
        }
    }

    private void startOne() {
        if (startWaiting(Integer.MAX_VALUE)) {
            Thread.ofPlatform()
                    .daemon()
                    .name("vfio4j-receiver-" + names.incrementAndGet())
                    .start(this::run);
        }
    }

    /** Counts a thread that is about to wait, unless there are enough or none may any more. */
    private boolean startWaiting(int enough) {
        while (true) {
            int now = waiting.get();
            if (now >= Math.min(enough, STOPPED)) {
                return false;
            }
            if (waiting.compareAndSet(now, now + 1)) {
                return true;
            }
        }
    }

    /** From now on no thread starts to wait; those that do let the call they get proceed, and end. */
    public void stop() {
        waiting.addAndGet(STOPPED);
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
                int others = waiting.decrementAndGet(); // before the answer: who stops us looks after it
                if (others >= STOPPED) {
                    call.proceed();
                    call.send();
                    return;
                }
                if (others == 0) {
                    startOne();
                }
                decide(call);
                call.send();
            } while (startWaiting(MOST_IDLE));
        }
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
