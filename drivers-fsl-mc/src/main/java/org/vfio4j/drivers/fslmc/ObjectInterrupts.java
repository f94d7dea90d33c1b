// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.fslmc;

import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.call.EventFile;
import org.vfio4j.spi.device.IrqInfo;
import org.vfio4j.spi.device.IrqSet;
import org.vfio4j.spi.fslmc.McObject;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioIrq;

/**
 * An open object's interrupts: one event for each index. The object takes its vectors from the container's pool with the
 * first request that needs them and keeps them until the last close. Thread-safe. Spec: fsl-mc §5, §9.
 */
final class ObjectInterrupts {
    private final McObject object;

    /** Held while events are changed; before the dev_set lock. */
    private final ReentrantLock eventsLock = new ReentrantLock();

    /** Read by interrupts without a lock. */
    private final AtomicReferenceArray<@Nullable EventFile> events;

    /** Whether the object has its vectors; written under the dev_set lock. */
    private boolean connected;

    ObjectInterrupts(McObject object) {
        this.object = object;
        this.events = new AtomicReferenceArray<>(object.irqCount());
    }

    IrqInfo info(int index) {
        requireIndex("GET_IRQ_INFO", index);
        return new IrqInfo(index, VfioIrq.VFIO_IRQ_INFO_EVENTFD, 1);
    }

    /** SET_IRQS is checked against the number of the object's interrupts, not of the index' vectors. */
    int limit(int index) {
        requireIndex("SET_IRQS", index);
        return object.irqCount();
    }

    private void requireIndex(String call, int index) {
        if (index < 0 || index >= object.irqCount()) {
            throw new VfioException(
                    Errno.EINVAL,
                    call + " refused: " + object.name() + " has " + object.irqCount() + " interrupts, not "
                            + Integer.toUnsignedString(index));
        }
    }

    /**
     * SET_IRQS.
     *
     * @param setLock the dev_set lock, which serialises taking vectors out of the container's pool
     */
    void set(IrqSet request, ReentrantLock setLock) {
        requireIndex("SET_IRQS", request.index());
        if ((request.actions() & VfioIrq.VFIO_IRQ_SET_ACTION_TRIGGER) == 0) {
            throw new VfioException(
                    Errno.EINVAL,
                    "SET_IRQS refused: interrupts of " + object.name() + " can be triggered, nothing else; action 0x"
                            + Integer.toHexString(request.actions()));
        }
        eventsLock.lock();
        try {
            if (request.data() instanceof IrqSet.None && request.count() == 0) {
                events.set(request.index(), null);
                return;
            }
            if (request.start() != 0 || request.count() != 1) {
                throw new VfioException(
                        Errno.EINVAL,
                        "SET_IRQS refused: vectors " + request.start() + " +" + request.count() + " of interrupt "
                                + request.index() + " of " + object.name() + ", which has 1");
            }
            connect(setLock);
            trigger(request);
        } finally {
            eventsLock.unlock();
        }
    }

    private void connect(ReentrantLock setLock) {
        setLock.lock();
        try {
            if (!connected) {
                object.enableIrqs(this::signal);
                connected = true;
            }
        } finally {
            setLock.unlock();
        }
    }

    private void trigger(IrqSet request) {
        switch (request.data()) {
            case IrqSet.None none -> signal(request.index());
            case IrqSet.Bools bools -> {
                if (bools.values().getFirst()) {
                    signal(request.index());
                }
            }
            case IrqSet.Events given -> {
                // The old event is gone even if the new one turns out to be none.
                events.set(request.index(), null);
                events.set(request.index(), given.slots().getFirst().event());
            }
        }
    }

    private void signal(int index) {
        var event = events.get(index);
        if (event != null) {
            event.signal();
        }
    }

    /** Last close: gives the vectors back; the dev_set lock is held and no request is running. */
    void disconnect() {
        if (connected) {
            object.disableIrqs();
            connected = false;
        }
        for (int index = 0; index < events.length(); index++) {
            events.set(index, null);
        }
    }
}
