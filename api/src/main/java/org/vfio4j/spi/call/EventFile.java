// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.call;

/**
 * An event counter (kernel: {@code eventfd}) that interrupts signal and users wait for. Thread-safe; {@link #signal} does
 * not block and does not allocate.
 */
public interface EventFile extends UapiFile {
    /** Adds one to the counter and wakes waiters. */
    void signal();

    /** Takes the counter's value and sets it to 0; 0 when nothing was signalled. */
    long take();

    /**
     * Calls a listener on every signal, in the signaller's thread, until the returned handle or the file is closed.
     *
     * @param listener must not block
     */
    AutoCloseable listen(Runnable listener);
}
