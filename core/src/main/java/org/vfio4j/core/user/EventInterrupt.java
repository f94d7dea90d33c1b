// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.vfio4j.Interrupt;
import org.vfio4j.core.process.EventCounter;
import org.vfio4j.spi.call.EventFile;
import org.vfio4j.spi.device.IrqSet;

/** A vector's event counter, as the driver signals it and the program waits for it. */
final class EventInterrupt implements Interrupt, IrqSet.Slot {
    private final EventCounter counter = new EventCounter();

    @Override
    public long await(Duration time) throws InterruptedException {
        return counter.await(time);
    }

    @Override
    public long take() {
        return counter.take();
    }

    /** Any number that is not negative stands for "there is one". */
    @Override
    public int descriptor() {
        return 0;
    }

    @Override
    public @Nullable EventFile event() {
        return counter;
    }

    /** The vector delivers no more: waiters return. */
    void end() {
        counter.close();
    }
}
