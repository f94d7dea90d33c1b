// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.file;

import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * Keeps the start of processes apart from moments in which this JVM itself has a program's file open. A process that is started
 * has copies of all descriptors until it loads its program; the program's last close would not be the last then, and be noticed
 * late. Processes that others in this JVM start are not kept apart.
 */
public final class StartGate {
    /** One for the JVM, as its descriptors are. Held shared for a few system calls; outermost. */
    private static final ReentrantReadWriteLock GATE = new ReentrantReadWriteLock();

    private StartGate() {}

    /** To be held while a descriptor of a program's file is open here. */
    public static Lock shared() {
        return GATE.readLock();
    }

    /**
     * Something that starts a process.
     *
     * @param <T> what it answers
     * @param <E> how it fails
     */
    @FunctionalInterface
    public interface Start<T, E extends Exception> {
        /** Starts it; it has loaded its program when this returns. */
        T start() throws E;
    }

    /** Starts a process when no such descriptor is open. */
    public static <T, E extends Exception> T start(Start<T, E> start) throws E {
        GATE.writeLock().lock();
        try {
            return start.start();
        } finally {
            GATE.writeLock().unlock();
        }
    }
}
