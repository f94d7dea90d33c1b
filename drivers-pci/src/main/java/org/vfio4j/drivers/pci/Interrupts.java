// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.call.EventFile;
import org.vfio4j.spi.device.IrqInfo;
import org.vfio4j.spi.device.IrqSet;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioIrq;
import org.vfio4j.uapi.VfioPci;

/**
 * The five interrupt indexes for one period of being open: what they offer, and SET_IRQS. Of INTx, MSI and MSI-X one is
 * active at most. Spec: pci §12.
 */
final class Interrupts {
    private static final int NOT_RESIZABLE = VfioIrq.VFIO_IRQ_INFO_EVENTFD | VfioIrq.VFIO_IRQ_INFO_NORESIZE;
    private static final int LINE =
            VfioIrq.VFIO_IRQ_INFO_EVENTFD | VfioIrq.VFIO_IRQ_INFO_MASKABLE | VfioIrq.VFIO_IRQ_INFO_AUTOMASKED;

    private final PciFunction function;
    private final VirtualConfig config;
    private final FunctionControl control;
    private final MessageControl messageControl;
    private final IntxLine intx;
    private final EventTrigger errors = new EventTrigger("the error interrupt");
    private final EventTrigger requests = new EventTrigger("the request interrupt");
    private final int msiVectors;
    private final int msixVectors;
    private final boolean express;

    /** Serialises SET_IRQS (kernel: {@code igate}); before the interrupt leaf locks, never inside the memory lock. */
    private final ReentrantLock irqLock = new ReentrantLock();

    private boolean lineActive;
    private @Nullable MessageInterrupts messages;

    Interrupts(VirtualConfig config, FunctionControl control, MessageControl messageControl, IntxLine intx) {
        this.function = config.function();
        this.config = config;
        this.control = control;
        this.messageControl = messageControl;
        this.intx = intx;
        int msi = HardwareCapabilities.find(function, CapabilityId.MSI);
        this.msiVectors = msi == 0 ? 0 : 1 << (function.readConfig(msi + 2, 2) >>> 1 & 0x7);
        int msix = HardwareCapabilities.find(function, CapabilityId.MSI_X);
        this.msixVectors = msix == 0 ? 0 : MsixTable.vectors(function, msix);
        this.express = HardwareCapabilities.find(function, CapabilityId.EXPRESS) != 0;
    }

    IrqInfo info(int index) {
        return switch (index) {
            case VfioPci.VFIO_PCI_INTX_IRQ_INDEX ->
                new IrqInfo(index, LINE, config.value(PciRegister.INTERRUPT_PIN, 1) == 0 ? 0 : 1);
            case VfioPci.VFIO_PCI_MSI_IRQ_INDEX -> new IrqInfo(index, NOT_RESIZABLE, msiVectors);
            case VfioPci.VFIO_PCI_MSIX_IRQ_INDEX -> new IrqInfo(index, NOT_RESIZABLE, msixVectors);
            case VfioPci.VFIO_PCI_ERR_IRQ_INDEX -> {
                if (!express) {
                    throw new VfioException(
                            Errno.EINVAL, function.name() + ": only PCI Express functions report errors by interrupt");
                }
                yield new IrqInfo(index, NOT_RESIZABLE, 1);
            }
            case VfioPci.VFIO_PCI_REQ_IRQ_INDEX -> new IrqInfo(index, NOT_RESIZABLE, 1);
            default ->
                throw new VfioException(Errno.EINVAL, function.name() + ": there is no interrupt index " + index);
        };
    }

    /** SET_IRQS, checked against {@link #info} by the caller. */
    long set(IrqSet request) {
        irqLock.lock();
        try {
            return switch (request.index()) {
                case VfioPci.VFIO_PCI_INTX_IRQ_INDEX -> setLine(request);
                case VfioPci.VFIO_PCI_MSI_IRQ_INDEX -> setMessages(request, false);
                case VfioPci.VFIO_PCI_MSIX_IRQ_INDEX -> setMessages(request, true);
                case VfioPci.VFIO_PCI_ERR_IRQ_INDEX -> setTrigger(request, errors);
                case VfioPci.VFIO_PCI_REQ_IRQ_INDEX -> setTrigger(request, requests);
                default -> throw unsupported(request);
            };
        } finally {
            irqLock.unlock();
        }
    }

    private VfioException unsupported(IrqSet request) {
        return new VfioException(
                Errno.ENOTTY,
                function.name() + ": interrupt index " + request.index() + " has no actions 0x"
                        + Integer.toHexString(request.actions()));
    }

    private VfioException invalid(String why) {
        return new VfioException(Errno.EINVAL, function.name() + ": " + why);
    }

    private long setTrigger(IrqSet request, EventTrigger trigger) {
        if (request.actions() != VfioIrq.VFIO_IRQ_SET_ACTION_TRIGGER) {
            throw unsupported(request);
        }
        if (trigger == errors && !express) {
            throw invalid("only PCI Express functions report errors by interrupt");
        }
        trigger.trigger(request);
        return 0;
    }

    // INTx.

    private long setLine(IrqSet request) {
        switch (request.actions()) {
            case VfioIrq.VFIO_IRQ_SET_ACTION_MASK -> maskLine(request);
            case VfioIrq.VFIO_IRQ_SET_ACTION_UNMASK -> unmaskLine(request);
            case VfioIrq.VFIO_IRQ_SET_ACTION_TRIGGER -> triggerLine(request);
            default -> throw unsupported(request);
        }
        return 0;
    }

    private void requireActiveLine(IrqSet request) {
        if (!lineActive) {
            throw invalid("INTx is not in use");
        }
        if (request.start() != 0 || request.count() != 1) {
            throw invalid("INTx has one vector");
        }
    }

    private void maskLine(IrqSet request) {
        requireActiveLine(request);
        switch (request.data()) {
            case IrqSet.None _ -> intx.mask();
            case IrqSet.Bools bools -> {
                if (bools.values().getFirst()) {
                    intx.mask();
                }
            }
            case IrqSet.Events _ -> throw unsupported(request);
        }
    }

    private void unmaskLine(IrqSet request) {
        requireActiveLine(request);
        switch (request.data()) {
            case IrqSet.None _ -> intx.unmask();
            case IrqSet.Bools bools -> {
                if (bools.values().getFirst()) {
                    intx.unmask();
                }
            }
            case IrqSet.Events events -> unmaskBy(events.slots().getFirst());
        }
    }

    private void unmaskBy(IrqSet.Slot slot) {
        var event = slot.event();
        if (event == null) {
            intx.detachUnmask();
        } else {
            intx.attachUnmask(event);
        }
    }

    private void triggerLine(IrqSet request) {
        if (lineActive && request.count() == 0 && request.data() instanceof IrqSet.None) {
            intx.disable();
            lineActive = false;
            return;
        }
        boolean usable = lineActive || messages == null;
        if (!usable || request.start() != 0 || request.count() != 1) {
            throw invalid(usable ? "INTx has one vector" : "message-signalled interrupts are in use");
        }
        switch (request.data()) {
            case IrqSet.Events events ->
                setLineTrigger(events.slots().getFirst().event());
            case IrqSet.None _ -> {
                requireActiveLine(request);
                intx.signal();
            }
            case IrqSet.Bools bools -> {
                requireActiveLine(request);
                if (bools.values().getFirst()) {
                    intx.signal();
                }
            }
        }
    }

    private void setLineTrigger(@Nullable EventFile event) {
        if (lineActive) {
            intx.replaceTrigger(event);
        } else {
            intx.enable(event);
            lineActive = true;
        }
    }

    // MSI and MSI-X.

    private long setMessages(IrqSet request, boolean extended) {
        if (request.actions() != VfioIrq.VFIO_IRQ_SET_ACTION_TRIGGER) {
            throw unsupported(request);
        }
        var active = messages;
        boolean same = active != null && active.extended() == extended;
        boolean idle = active == null && !lineActive;
        switch (request.data()) {
            case IrqSet.None _ -> {
                if (active == null || !same) {
                    throw invalid("this index is not active");
                }
                if (request.count() == 0) {
                    disableMessages(active);
                } else {
                    signal(active, request, i -> true);
                }
            }
            case IrqSet.Bools bools -> {
                if (active == null || !same) {
                    throw invalid("this index is not active");
                }
                signal(active, request, bools.values()::get);
            }
            case IrqSet.Events events -> {
                if (active != null && same) {
                    active.set(request.start(), events.slots());
                } else if (idle) {
                    return enableMessages(request, events, extended);
                } else {
                    throw invalid("another interrupt index is active");
                }
            }
        }
        return 0;
    }

    private static void signal(MessageInterrupts active, IrqSet request, IntPredicate chosen) {
        for (int i = 0; i < request.count(); i++) {
            int vector = request.start() + i;
            if (vector < active.vectors() && chosen.test(i)) {
                active.signal(vector);
            }
        }
    }

    private long enableMessages(IrqSet request, IrqSet.Events events, boolean extended) {
        int wanted = request.start() + request.count();
        if (control.powerState() != PowerState.D0) {
            throw invalid("interrupts cannot be enabled in power state D" + control.powerState());
        }
        var enabled = MessageInterrupts.enable(function, extended, wanted);
        var active = enabled.interrupts();
        if (active == null) {
            return enabled.available();
        }
        if (!extended) {
            messageControl.enabled(wanted);
        }
        try {
            active.set(request.start(), events.slots());
        } catch (VfioException e) {
            disableMessages(active);
            throw e;
        }
        messages = active;
        return 0;
    }

    private void disableMessages(MessageInterrupts active) {
        messageControl.disabled();
        active.disable();
        messages = null;
        intx.showUserDisableToHardware();
    }

    // Events and the end.

    /** Asks the user to let go; false when nobody listens. */
    boolean request() {
        return requests.signal();
    }

    /** Ends INTx, MSI and MSI-X, whichever is active. */
    void disableActive() {
        irqLock.lock();
        try {
            if (lineActive) {
                intx.disable();
                lineActive = false;
            }
            var active = messages;
            if (active != null) {
                disableMessages(active);
            }
        } finally {
            irqLock.unlock();
        }
    }

    /** Forgets the event files of errors and requests, the last thing at close. */
    void clearTriggers() {
        irqLock.lock();
        try {
            errors.clear();
            requests.clear();
        } finally {
            irqLock.unlock();
        }
    }
}
