// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.mdev;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.call.EventFile;
import org.vfio4j.spi.device.IrqInfo;
import org.vfio4j.spi.device.IrqSet;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioIrq;
import org.vfio4j.uapi.VfioPci;

/**
 * Interrupts of a serial device: an INTx that masks itself, or one MSI, never both. Thread-safe. Spec: mdev §9.
 */
final class SerialInterrupts {
    /** Guards everything here; a leaf. */
    private final ReentrantLock interruptLock = new ReentrantLock();

    private @Nullable EventFile intx;
    private @Nullable EventFile msi;
    private boolean intxMasked;

    /** Announced and not raised yet. */
    private int announced;

    private final Condition allRaised = interruptLock.newCondition();

    /** Set for good by the first GET_INFO: until then the device has no interrupts to speak of. */
    private volatile boolean described;

    /** GET_INFO was called. */
    void describe() {
        described = true;
    }

    /** GET_IRQ_INFO. */
    IrqInfo info(int index) {
        requireDescribed("GET_IRQ_INFO");
        return switch (index) {
            case VfioPci.VFIO_PCI_INTX_IRQ_INDEX ->
                new IrqInfo(
                        index,
                        VfioIrq.VFIO_IRQ_INFO_EVENTFD
                                | VfioIrq.VFIO_IRQ_INFO_MASKABLE
                                | VfioIrq.VFIO_IRQ_INFO_AUTOMASKED,
                        1);
            case VfioPci.VFIO_PCI_MSI_IRQ_INDEX ->
                new IrqInfo(index, VfioIrq.VFIO_IRQ_INFO_EVENTFD | VfioIrq.VFIO_IRQ_INFO_NORESIZE, 1);
            default ->
                throw new VfioException(
                        Errno.EINVAL, "GET_IRQ_INFO refused: a serial device has no interrupt index " + index);
        };
    }

    /** What SET_IRQS is checked against: more than there is. */
    int limit(int index) {
        requireDescribed("SET_IRQS");
        if (index < 0 || index >= VfioPci.VFIO_PCI_NUM_IRQS) {
            throw new VfioException(Errno.EINVAL, "SET_IRQS refused: a serial device has no interrupt index " + index);
        }
        return VfioPci.VFIO_PCI_NUM_IRQS;
    }

    private void requireDescribed(String call) {
        if (!described) {
            throw new VfioException(Errno.EINVAL, call + " refused: GET_INFO was never called on this device");
        }
    }

    /** SET_IRQS. */
    void set(IrqSet request) {
        limit(request.index());
        EventFile due;
        interruptLock.lock();
        try {
            due = switch (request.index()) {
                case VfioPci.VFIO_PCI_INTX_IRQ_INDEX -> setIntx(request);
                case VfioPci.VFIO_PCI_MSI_IRQ_INDEX -> setMsi(request);
                default -> throw unsupported(request);
            };
        } finally {
            interruptLock.unlock();
        }
        if (due != null) {
            due.signal();
        }
    }

    /** Answers the event that is due now, as the two below. */
    private @Nullable EventFile setIntx(IrqSet request) {
        switch (request.actions()) {
            case VfioIrq.VFIO_IRQ_SET_ACTION_MASK -> {
                requireInUse(request, intx);
                if (asks(request)) {
                    intxMasked = true;
                }
            }
            case VfioIrq.VFIO_IRQ_SET_ACTION_UNMASK -> {
                requireInUse(request, intx);
                if (asks(request)) {
                    intxMasked = false;
                }
            }
            case VfioIrq.VFIO_IRQ_SET_ACTION_TRIGGER -> {
                requireFree(request, msi);
                if (disables(request)) {
                    intx = null;
                } else if (request.data() instanceof IrqSet.Events events) {
                    requireOne(request);
                    intx = null;
                    intx = events.slots().getFirst().event();
                    intxMasked = false;
                } else {
                    requireInUse(request, intx);
                    return asks(request) ? due() : null;
                }
            }
            default -> throw unsupported(request);
        }
        return null;
    }

    private @Nullable EventFile setMsi(IrqSet request) {
        if (request.actions() != VfioIrq.VFIO_IRQ_SET_ACTION_TRIGGER) {
            throw unsupported(request);
        }
        requireFree(request, intx);
        if (disables(request)) {
            msi = null;
        } else if (request.data() instanceof IrqSet.Events events) {
            requireOne(request);
            msi = null;
            msi = events.slots().getFirst().event();
        } else {
            requireInUse(request, msi);
            return asks(request) ? due() : null;
        }
        return null;
    }

    private static boolean disables(IrqSet request) {
        return request.count() == 0 && request.data() instanceof IrqSet.None;
    }

    private static boolean asks(IrqSet request) {
        return switch (request.data()) {
            case IrqSet.None none -> true;
            case IrqSet.Bools bools -> bools.values().getFirst();
            case IrqSet.Events events -> throw unsupported(request);
        };
    }

    private static void requireOne(IrqSet request) {
        if (request.start() != 0 || request.count() != 1) {
            throw new VfioException(
                    Errno.EINVAL,
                    "SET_IRQS refused: vectors " + request.start() + " +" + request.count() + " of interrupt index "
                            + request.index() + ", which has 1");
        }
    }

    private static void requireInUse(IrqSet request, @Nullable EventFile event) {
        requireOne(request);
        if (event == null) {
            throw new VfioException(
                    Errno.EINVAL, "SET_IRQS refused: interrupt index " + request.index() + " is not enabled");
        }
    }

    private static void requireFree(IrqSet request, @Nullable EventFile other) {
        if (other != null) {
            throw new VfioException(
                    Errno.EINVAL,
                    "SET_IRQS refused: interrupt index " + request.index() + " cannot be set while the other is");
        }
    }

    private static VfioException unsupported(IrqSet request) {
        return new VfioException(
                Errno.ENOTTY,
                "SET_IRQS refused: interrupt index " + request.index() + " has no action 0x"
                        + Integer.toHexString(request.actions()) + " with these data");
    }

    /**
     * The device is about to {@link #raise}. Called while the lock is held under which it found out, so that {@link #drain}
     * misses nothing.
     */
    void announce() {
        interruptLock.lock();
        try {
            announced++;
        } finally {
            interruptLock.unlock();
        }
    }

    /** The device wants attention, as announced. Called without the device's locks: listeners of the event run in it. */
    void raise(int times) {
        try {
            for (int i = 0; i < times; i++) {
                raiseOnce();
            }
        } finally {
            interruptLock.lock();
            try {
                announced--;
                if (announced == 0) {
                    allRaised.signalAll();
                }
            } finally {
                interruptLock.unlock();
            }
        }
    }

    private void raiseOnce() {
        EventFile event;
        interruptLock.lock();
        try {
            event = due();
        } finally {
            interruptLock.unlock();
        }
        if (event != null) {
            event.signal();
        }
    }

    /** Waits until everything announced was raised. Not to be called by listeners of the events. */
    void drain() {
        interruptLock.lock();
        try {
            while (announced != 0) {
                allRaised.awaitUninterruptibly();
            }
        } finally {
            interruptLock.unlock();
        }
    }

    /** The event to signal for an interrupt now; an INTx is masked from here on. */
    private @Nullable EventFile due() {
        if (msi != null) {
            return msi;
        }
        if (intx == null || intxMasked) {
            return null;
        }
        intxMasked = true;
        return intx;
    }

    /** Last close. */
    void disable() {
        interruptLock.lock();
        try {
            intx = null;
            msi = null;
            intxMasked = false;
        } finally {
            interruptLock.unlock();
        }
    }
}
