// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.fslmc;

/** Time that passes only while somebody pauses. */
final class FakeClock implements PollClock {
    private long now;

    @Override
    public long nanos() {
        return now;
    }

    @Override
    public void pause(long nanos) {
        now += nanos;
    }
}
