// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Something with an id in a context (kernel: {@code struct iommufd_object}).
 *
 * <p>Two counters. <em>Users</em> counts 1 for being listed, 1 for every dependant and 1 for every call using the object
 * now; a user's DESTROY succeeds only at exactly 1. <em>Waits</em> counts 1 for being listed and 1 for every call using
 * it now; whoever removes the object waits until it is 0. Spec: iommufd §2.4.
 */
abstract class IommufdObject {
    /** {@link #id} of an object that has none yet. */
    static final int NO_ID = 0;

    /** 0 once the object has been chosen for destruction; never rises again from there. */
    private final AtomicInteger users = new AtomicInteger(1);

    private final AtomicInteger waits = new AtomicInteger(1);

    /** Lets {@link #awaitIdle} sleep; held for nothing else. A leaf: no other lock is taken under it. */
    private final ReentrantLock removalLock = new ReentrantLock();

    private final Condition idle = removalLock.newCondition();

    /** Set before the object is published, constant afterwards. */
    private int id = NO_ID;

    /** Number in the context, greater than 0. */
    public final int id() {
        return id;
    }

    final void assignId(int number) {
        id = number;
    }

    /** Word for error sentences. */
    abstract String kind();

    /** Frees what the object holds. Called once, when nobody can find or use the object any more. Cannot fail. */
    abstract void free();

    /** Begins a call's use; false when the object is going away. */
    final boolean tryGet() {
        for (int seen = users.get(); seen > 0; seen = users.get()) {
            if (users.compareAndSet(seen, seen + 1)) {
                waits.incrementAndGet();
                return true;
            }
        }
        return false;
    }

    /** Ends a call's use. */
    final void put() {
        users.decrementAndGet();
        if (waits.decrementAndGet() == 0) {
            // Only a remover takes away the listing's share, so one is waiting now or about to look.
            wakeRemover();
        }
    }

    /** A dependant refers to the object; the caller holds a use or a dependant's reference already. */
    final void addUser() {
        users.incrementAndGet();
    }

    /** Dependants are gone. */
    final void dropUsers(int count) {
        users.addAndGet(-count);
    }

    /** Chooses the object for destruction if nothing but the list refers to it. */
    final boolean tryClaimForDestruction() {
        return users.compareAndSet(1, 0);
    }

    /** Number of users, for tests. */
    final int users() {
        return users.get();
    }

    private void wakeRemover() {
        removalLock.lock();
        try {
            idle.signalAll();
        } finally {
            removalLock.unlock();
        }
    }

    /** After the object left the table: returns when no call uses it. Called once. */
    final void awaitIdle() {
        if (waits.decrementAndGet() == 0) {
            return;
        }
        removalLock.lock();
        try {
            while (waits.get() != 0) {
                idle.awaitUninterruptibly();
            }
        } finally {
            removalLock.unlock();
        }
    }
}
