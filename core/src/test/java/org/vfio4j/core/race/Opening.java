// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.race;

import java.util.concurrent.atomic.AtomicInteger;
import org.vfio4j.core.vfio.CoreDevice;

/** One open of a device as its program knows it: whether it was granted, and how many descriptors it has. */
final class Opening {
    private final CoreDevice device;
    private final AtomicInteger descriptors = new AtomicInteger(1);

    /** The program was told that it may use the device. */
    volatile boolean granted;

    Opening(CoreDevice device) {
        this.device = device;
    }

    CoreDevice device() {
        return device;
    }

    boolean leaving() {
        return ((WatchedOps) device.ops()).leaving;
    }

    void duplicated() {
        descriptors.incrementAndGet();
    }

    void closed() {
        descriptors.decrementAndGet();
    }

    boolean grantedAndOpen() {
        return granted && descriptors.get() > 0;
    }
}
