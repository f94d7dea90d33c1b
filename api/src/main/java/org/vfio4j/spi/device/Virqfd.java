// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.device;

import org.vfio4j.spi.call.EventFile;

/**
 * A place for one event file of the user whose signals call the driver (kernel: {@code struct virqfd}). With each signal the
 * count is taken and the handler runs in the signaller's thread; if there is none, or it asks for that, the thread function
 * runs afterwards in a thread of its own, once for all signals that arrive meanwhile. Thread-safe. Spec: core HP-4.
 */
public interface Virqfd extends AutoCloseable {
    /** Called by the signaller; must not block. */
    @FunctionalInterface
    interface Handler {
        /** Answers whether the thread function has to run. */
        boolean signalled();
    }

    /**
     * Takes the place for an event file. If it is signalled already, that counts as one signal, whose count stays.
     *
     * @throws org.vfio4j.uapi.VfioException EBUSY while another event file has the place; one that its users have closed
     *     for good has given it up
     */
    void enable(EventFile event);

    /** Whether an event file has the place. */
    boolean enabled();

    /**
     * Frees the place; returns when nothing of the driver is running any more, but for the handler or thread function that
     * calls this. Idempotent.
     */
    void disable();

    /** Waits for a thread function that is due. */
    void flush();

    /** {@link #disable}. */
    @Override
    default void close() {
        disable();
    }
}
