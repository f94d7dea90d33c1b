// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.call;

/**
 * An event counter (kernel: {@code eventfd}) that interrupts signal and users wait for. It may be kept after the
 * {@link FileReference} it was found with has been given back. Thread-safe; {@link #signal} does not block and does not
 * allocate.
 */
public interface EventFile extends UapiFile {
    /** Adds one to the counter and wakes waiters. */
    void signal();

    /** Takes the counter's value and sets it to 0; 0 when nothing was signalled. */
    long take();

    /**
     * Calls a listener on every signal, in the signaller's thread, until the returned handle or the file is closed. A call
     * that is running then may still finish afterwards. Signals from before are not reported.
     *
     * @param listener must not block
     */
    Listening listen(Runnable listener);

    /**
     * Whether users have closed the file for good (kernel: {@code EPOLLHUP} on the wait queue). Whoever occupies
     * something for this event may then give it up; {@link #signal} and {@link #take} keep working. Spec: core HP-4.
     */
    boolean closed();

    /** The handle of a listener. */
    interface Listening extends AutoCloseable {
        /** Stops the calls. Idempotent. */
        @Override
        void close();
    }
}
