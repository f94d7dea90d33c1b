// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.register;

import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread of a machine that finds doorbells written through mappings, by comparing. It runs while a mapping of
 * registers with doorbells exists. After a ring it looks every {@value #SHORTEST_NANOS} ns (and what the system adds to a
 * sleep, some 50 µs), and after each {@value #ROUNDS} looks in vain half as often, down to every
 * {@value #SHORTEST_NANOS} ns times 2<sup>{@value #DOUBLINGS}</sup>. Looking does not allocate.
 */
public final class DoorbellPoller implements AutoCloseable {
    static final long SHORTEST_NANOS = 20_000;
    static final int DOUBLINGS = 8;
    static final int ROUNDS = 50;

    private static final Logger LOG = LoggerFactory.getLogger(DoorbellPoller.class);

    private final String machine;

    /** Guards what is watched, and the thread; a leaf. */
    private final ReentrantLock pollerLock = new ReentrantLock();

    /** Replaced, never changed. */
    private volatile RegisterMemory[] watched = {};

    /** Set when registers come, so that the first ring is found soon. */
    private volatile boolean hurry;

    private @Nullable Thread thread;
    private boolean closed;

    /**
     * Starts nothing yet.
     *
     * @param machine the machine's name, for the thread's name
     */
    public DoorbellPoller(String machine) {
        this.machine = machine;
    }

    void add(RegisterMemory registers) {
        pollerLock.lock();
        try {
            if (closed) {
                return;
            }
            var next = Arrays.copyOf(watched, watched.length + 1);
            next[watched.length] = registers;
            watched = next;
            hurry = true;
            if (thread == null) {
                thread = Thread.ofPlatform()
                        .daemon()
                        .name("vfio4j doorbells of " + machine)
                        .start(this::run);
            } else {
                LockSupport.unpark(thread);
            }
        } finally {
            pollerLock.unlock();
        }
    }

    void remove(RegisterMemory registers) {
        pollerLock.lock();
        try {
            watched = Arrays.stream(watched).filter(other -> other != registers).toArray(RegisterMemory[]::new);
            if (watched.length == 0) {
                LockSupport.unpark(thread);
            }
        } finally {
            pollerLock.unlock();
        }
    }

    /** Whether the thread is there. */
    boolean running() {
        pollerLock.lock();
        try {
            return thread != null;
        } finally {
            pollerLock.unlock();
        }
    }

    private void run() {
        int inVain = 0;
        int doublings = 0;
        while (true) {
            var now = watched;
            if (now.length == 0) {
                if (ended()) {
                    return;
                }
                continue;
            }
            boolean found = hurry;
            hurry = false;
            for (var registers : now) {
                found |= poll(registers);
            }
            if (found) {
                inVain = 0;
                doublings = 0;
            } else if (++inVain >= ROUNDS && doublings < DOUBLINGS) {
                inVain = 0;
                doublings++;
            }
            LockSupport.parkNanos(this, SHORTEST_NANOS << doublings);
        }
    }

    /** Whatever one model does, the doorbells of the others ring. */
    private static boolean poll(RegisterMemory registers) {
        try {
            return registers.poll();
        } catch (RuntimeException | Error e) {
            LOG.error("a device model failed when its doorbell rang", e);
            return false;
        }
    }

    private boolean ended() {
        pollerLock.lock();
        try {
            if (watched.length != 0) {
                return false;
            }
            thread = null;
            return true;
        } finally {
            pollerLock.unlock();
        }
    }

    /** Ends the thread and waits for that. */
    @Override
    public void close() {
        Thread running;
        pollerLock.lock();
        try {
            closed = true;
            watched = new RegisterMemory[0];
            running = thread;
            LockSupport.unpark(running);
        } finally {
            pollerLock.unlock();
        }
        boolean interrupted = false;
        while (running != null && running.isAlive()) {
            try {
                running.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
