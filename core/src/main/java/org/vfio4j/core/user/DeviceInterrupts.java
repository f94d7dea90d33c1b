// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;
import org.vfio4j.Interrupt;
import org.vfio4j.Interrupts;
import org.vfio4j.spi.device.IrqInfo;
import org.vfio4j.spi.device.IrqSet;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioIrq;

/** One interrupt index of a device the program has open. */
final class DeviceInterrupts implements Interrupts {
    private final OpenDeviceFile file;
    private final IrqInfo info;

    /** Guards {@link #enabled}; held while the driver is asked. Outermost: no lock of the core is held by callers. */
    private final ReentrantLock lock = new ReentrantLock();

    private List<EventInterrupt> enabled = List.of();

    DeviceInterrupts(OpenDeviceFile file, IrqInfo info) {
        this.file = file;
        this.info = info;
    }

    @Override
    public IrqInfo info() {
        return info;
    }

    @Override
    public Interrupt[] enable(int count) {
        if (count <= 0 || count > info.count()) {
            throw new VfioException(
                    Errno.EINVAL,
                    "SET_IRQS refused: " + count + " vectors of interrupt index " + info.index() + ", which has "
                            + info.count());
        }
        List<EventInterrupt> events = IntStream.range(0, count)
                .mapToObj(vector -> new EventInterrupt())
                .toList();
        lock.lock();
        try {
            long available = set(VfioIrq.VFIO_IRQ_SET_ACTION_TRIGGER, 0, count, new IrqSet.Events(List.copyOf(events)));
            if (available > 0) {
                throw new VfioException(
                        Errno.ENOSPC,
                        "SET_IRQS refused: " + count + " vectors asked for, " + available + " can be had");
            }
            enabled.forEach(EventInterrupt::end);
            enabled = events;
        } finally {
            lock.unlock();
        }
        return events.toArray(Interrupt[]::new);
    }

    @Override
    public void disable() {
        if (info.count() == 0) {
            throw new VfioException(
                    Errno.EINVAL, "SET_IRQS refused: interrupt index " + info.index() + " has no vectors");
        }
        lock.lock();
        try {
            set(VfioIrq.VFIO_IRQ_SET_ACTION_TRIGGER, 0, 0, new IrqSet.None());
            enabled.forEach(EventInterrupt::end);
            enabled = List.of();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void mask(int vector) {
        one(VfioIrq.VFIO_IRQ_SET_ACTION_MASK, vector);
    }

    @Override
    public void unmask(int vector) {
        one(VfioIrq.VFIO_IRQ_SET_ACTION_UNMASK, vector);
    }

    @Override
    public void trigger(int vector) {
        one(VfioIrq.VFIO_IRQ_SET_ACTION_TRIGGER, vector);
    }

    private void one(int action, int vector) {
        if (vector < 0 || vector >= info.count()) {
            throw new VfioException(
                    Errno.EINVAL,
                    "SET_IRQS refused: vector " + vector + " of interrupt index " + info.index() + ", which has "
                            + info.count());
        }
        set(action, vector, 1, new IrqSet.None());
    }

    private long set(int action, int start, int count, IrqSet.Data data) {
        var ops = file.enter();
        try {
            return ops.setIrqs(new IrqSet(info.index(), action, start, count, data));
        } finally {
            file.exit();
        }
    }
}
