// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Counts who uses something the program has open: its handle, and calls and mappings that are running. It is released when
 * the handle is closed and the last use has ended, so never under a running call. Counting takes no lock and does not
 * allocate. Kernel counterpart: {@code struct file}'s count.
 */
final class HoldCount {
    /** Set in {@link #state} once the handle is closed: no further use may start. */
    private static final int CLOSED = 1 << 31;

    private final Supplier<String> name;
    private final Runnable release;

    /** Number of uses, the handle's own among them, and {@link #CLOSED}. */
    private final AtomicInteger state = new AtomicInteger(1);

    /**
     * Starts with the handle's own use.
     *
     * @param name what it is, for the refusal's sentence
     * @param release called once
     */
    HoldCount(Supplier<String> name, Runnable release) {
        this.name = name;
        this.release = release;
    }

    /**
     * Begins a use.
     *
     * @throws VfioException EBADF after close
     */
    void enter() {
        while (true) {
            int seen = state.get();
            if ((seen & CLOSED) != 0) {
                throw new VfioException(Errno.EBADF, name.get() + " is closed");
            }
            if (state.compareAndSet(seen, seen + 1)) {
                return;
            }
        }
    }

    /** Ends a use. */
    void exit() {
        if ((state.decrementAndGet() & ~CLOSED) == 0) {
            release.run();
        }
    }

    /**
     * Closes the handle.
     *
     * @return false when that was done before
     */
    boolean close() {
        while (true) {
            int seen = state.get();
            if ((seen & CLOSED) != 0) {
                return false;
            }
            if (state.compareAndSet(seen, seen | CLOSED)) {
                exit();
                return true;
            }
        }
    }
}
