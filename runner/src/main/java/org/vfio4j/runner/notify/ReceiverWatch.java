// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.notify;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.locks.LockSupport;
import org.vfio4j.ffm.LinuxPoll;

/**
 * Looks after the receivers while calls come: when whoever should wait for the next call is kept by the last one, another is let
 * wait; when calls queue although nobody blocks, more may wait at the same time, up to one for each processor. It looks once in a
 * millisecond, and sleeps while no calls come and somebody waits for them.
 */
final class ReceiverWatch {
    private static final long PERIOD_NANOSECONDS = 1_000_000;

    /** Looks without a call, after which it sleeps. */
    private static final int QUIET = 20;

    /** So many more looks with a queue than without make one more wait: a single one may be chance. */
    private static final int BUSY = 8;

    /** Looks without a queue, after which fewer may wait. */
    private static final int CALM = 100;

    private final int listener;
    private final Receivers receivers;
    private final int processors = Runtime.getRuntime().availableProcessors();
    private final Thread thread;
    private volatile boolean asleep;
    private volatile boolean stopped;

    ReceiverWatch(int listener, Receivers receivers) {
        this.listener = listener;
        this.receivers = receivers;
        thread = Thread.ofPlatform().daemon().name("vfio4j-receiver-watch").unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    /** A call was received. */
    void wake() {
        if (asleep) {
            asleep = false;
            LockSupport.unpark(thread);
        }
    }

    void stop() {
        stopped = true;
        LockSupport.unpark(thread);
    }

    private void run() {
        try (var arena = Arena.ofConfined()) {
            MemorySegment polled = arena.allocate(LinuxPoll.POLLFD_SIZE, Integer.BYTES);
            polled.set(ValueLayout.JAVA_INT, LinuxPoll.POLLFD_FD, listener);
            polled.set(ValueLayout.JAVA_SHORT, LinuxPoll.POLLFD_EVENTS, LinuxPoll.POLLIN);
            int quiet = 0;
            int busy = 0;
            int calm = 0;
            while (!stopped) {
                long before = receivers.received();
                LockSupport.parkNanos(PERIOD_NANOSECONDS);
                boolean calls = receivers.received() != before;
                boolean queue = !receivers.someWait() && LinuxPoll.poll(polled, 0) > 0;
                quiet = calls ? 0 : quiet + 1;
                busy = Math.max(0, busy + (queue ? 1 : -1));
                calm = queue ? 0 : calm + 1;
                if (busy == BUSY) {
                    receivers.setMost(Math.min(receivers.most() + 1, processors));
                    busy = 0;
                } else if (calm == CALM) {
                    receivers.setMost(Math.max(receivers.most() - 1, 1));
                    calm = 0;
                }
                if (queue || !calls) {
                    receivers.admit();
                }
                if (quiet == QUIET) {
                    sleep(receivers.received());
                    quiet = 0;
                }
            }
        }
    }

    private void sleep(long seen) {
        asleep = true;
        // Looked at again behind the mark: whoever receives a call from now on sees it.
        while (asleep && !stopped && receivers.received() == seen && receivers.someWait()) {
            LockSupport.park(this);
        }
        asleep = false;
    }
}
