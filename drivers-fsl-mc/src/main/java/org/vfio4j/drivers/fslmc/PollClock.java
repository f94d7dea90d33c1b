// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.fslmc;

import java.util.concurrent.locks.LockSupport;

/** Time for polling a portal; tests bring their own. */
interface PollClock {
    /** The real time. */
    PollClock SYSTEM = new PollClock() {
        @Override
        public long nanos() {
            return System.nanoTime();
        }

        @Override
        public void pause(long nanos) {
            LockSupport.parkNanos(nanos);
        }
    };

    /** Now, in nanoseconds from an arbitrary origin. */
    long nanos();

    /** Lets time pass. */
    void pause(long nanos);
}
