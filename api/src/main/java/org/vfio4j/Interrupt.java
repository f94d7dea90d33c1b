// SPDX-License-Identifier: Apache-2.0
package org.vfio4j;

import java.time.Duration;

/** An enabled interrupt vector to wait on; valid until its index is disabled or the device closed. Thread-safe. */
public interface Interrupt {
    /**
     * Waits for a signal and takes all that came.
     *
     * @return how many came; 0 when the time is over
     * @throws InterruptedException when the thread is interrupted
     */
    long await(Duration time) throws InterruptedException;

    /** Takes the signals that came, without waiting. */
    long take();
}
