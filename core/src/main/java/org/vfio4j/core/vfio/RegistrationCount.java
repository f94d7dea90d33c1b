// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * How many users keep a device registered (kernel: {@code vfio_device.refcount} and {@code vfio_device.comp}): 0 before
 * registration, 1 with it, and one more for each device file, bound or not. Once back at 0 it can never be raised again.
 * Spec: core OM-1, UN-1, P-8.
 */
final class RegistrationCount {
    /** Guards {@link #count} and {@link #state}; a leaf. */
    private final ReentrantLock lock = new ReentrantLock();

    /** Signalled when the count has come back to 0: the wake-up of an unregistration, which is therefore never lost. */
    private final Condition unused = lock.newCondition();

    private int count;
    private State state = State.NEW;

    private enum State {
        NEW,
        REGISTERED,
        DEAD
    }

    /** From 0 to 1, by registration. */
    void start() {
        lock.lock();
        try {
            if (state != State.NEW) {
                throw new IllegalStateException("a device can be registered once only");
            }
            state = State.REGISTERED;
            count = 1;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Adds a user.
     *
     * @return false before registration and after the count came back to 0
     */
    boolean tryGet() {
        lock.lock();
        try {
            if (state != State.REGISTERED) {
                return false;
            }
            count++;
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Drops a user. */
    void put() {
        lock.lock();
        try {
            if (count <= 0) {
                throw new IllegalStateException("registration count is " + count + " already");
            }
            if (--count == 0) {
                state = State.DEAD;
                unused.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits for the count to come back to 0.
     *
     * @return whether it did within the time
     */
    boolean awaitUnused(long nanos) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long left = nanos;
            while (state != State.DEAD) {
                if (left <= 0) {
                    return false;
                }
                left = unused.awaitNanos(left);
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Like {@link #awaitUnused} for a thread whose interrupt has been noted already: it waits on, whatever comes. */
    boolean awaitUnusedUninterruptibly(long nanos) {
        boolean interrupted = false;
        long end = System.nanoTime() + nanos;
        try {
            while (true) {
                try {
                    return awaitUnused(end - System.nanoTime());
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Users now. */
    int count() {
        lock.lock();
        try {
            return count;
        } finally {
            lock.unlock();
        }
    }
}
