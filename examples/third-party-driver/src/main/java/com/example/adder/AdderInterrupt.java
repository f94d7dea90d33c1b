// SPDX-License-Identifier: Apache-2.0
package com.example.adder;

import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.call.EventFile;
import org.vfio4j.spi.device.IrqSet;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioIrq;

/** The adder's only interrupt: hands the hardware's signal to the user's event file. */
final class AdderInterrupt implements Runnable {
    /** Keeps requests apart; a leaf, and never taken by the hardware. */
    private final ReentrantLock lock = new ReentrantLock();

    /** Null while disabled. */
    private volatile @Nullable EventFile event;

    /** The hardware's interrupt line. */
    @Override
    public void run() {
        var user = event;
        if (user != null) {
            user.signal();
        }
    }

    void disable() {
        lock.lock();
        try {
            event = null;
        } finally {
            lock.unlock();
        }
    }

    /** SET_IRQS; the core has checked index, start and count against {@link AdderOps#irqInfo}. */
    void set(IrqSet request) {
        if (request.actions() != VfioIrq.VFIO_IRQ_SET_ACTION_TRIGGER) {
            throw new VfioException(
                    Errno.EINVAL,
                    "SET_IRQS refused: actions 0x" + Integer.toHexString(request.actions())
                            + " are not TRIGGER, the only one of an adder");
        }
        lock.lock();
        try {
            switch (request.data()) {
                case IrqSet.Events events ->
                    event = events.slots().isEmpty()
                            ? event
                            : events.slots().getFirst().event();
                case IrqSet.Bools bools -> triggerIf(bools.values().contains(true));
                case IrqSet.None() when request.count() == 0 -> event = null;
                case IrqSet.None() -> triggerIf(true);
            }
        } finally {
            lock.unlock();
        }
    }

    private void triggerIf(boolean wanted) {
        if (wanted) {
            run();
        }
    }
}
