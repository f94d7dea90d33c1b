// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** What the program has open, so that closing {@link org.vfio4j.Vfio} closes all of it, newest first. Thread-safe. */
@Singleton
final class Handles {
    private static final Logger LOG = LoggerFactory.getLogger(Handles.class);

    /** Guards {@link #open} and {@link #closed}; a leaf. */
    private final ReentrantLock lock = new ReentrantLock();

    /** In opening order, by identity: handles do not define equality. */
    private final Map<AutoCloseable, Boolean> open = new LinkedHashMap<>();

    private boolean closed;

    @Inject
    Handles() {}

    /**
     * Remembers a handle until {@link #forget}.
     *
     * @throws VfioException ENODEV when everything is being closed; the handle is closed then
     */
    <T extends AutoCloseable> T track(T handle) {
        lock.lock();
        try {
            if (!closed) {
                open.put(handle, true);
                return handle;
            }
        } finally {
            lock.unlock();
        }
        close(handle);
        throw new VfioException(Errno.ENODEV, "this Vfio is closed");
    }

    /** A handle was closed by its user. */
    void forget(AutoCloseable handle) {
        lock.lock();
        try {
            open.remove(handle);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Refuses when everything is being closed.
     *
     * @throws VfioException ENODEV
     */
    void requireOpen() {
        lock.lock();
        try {
            if (closed) {
                throw new VfioException(Errno.ENODEV, "this Vfio is closed");
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Closes what is open and refuses more.
     *
     * @return false when that was done before
     */
    boolean closeAll() {
        List<AutoCloseable> left;
        lock.lock();
        try {
            if (closed) {
                return false;
            }
            closed = true;
            left = new ArrayList<>(open.keySet());
        } finally {
            lock.unlock();
        }
        Collections.reverse(left);
        left.forEach(Handles::close);
        return true;
    }

    private static void close(AutoCloseable handle) {
        try {
            handle.close();
        } catch (Exception e) {
            LOG.warn("closing {} failed", handle, e);
        }
    }
}
