// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Interrupt delivery of one function: a level-triggered line, or messages once they are enabled. Handlers run on the
 * thread that caused the interrupt, with no lock held; ending delivery waits for those running, so a handler must not end
 * the delivery it is called by. Spec: pci §12.4, §12.6, §12.7.
 */
final class FunctionInterrupts {
    /** Guards everything here; leaf lock, taken after the function's configuration lock. */
    private final ReentrantLock interruptLock = new ReentrantLock();

    private final Condition handlerReturned = interruptLock.newCondition();

    private final String device;

    private volatile boolean asserted;
    private volatile boolean messagesOn;
    private boolean lineOff;
    private boolean master;

    private @Nullable Runnable lineHandler;
    private boolean lineMasked;
    private int lineHandlersRunning;

    private @Nullable IntConsumer messageHandler;
    private int vectors;
    private int messageHandlersRunning;

    FunctionInterrupts(String device) {
        this.device = device;
    }

    /** The device wants attention; {@link #deliver} has to follow when the caller has dropped its locks. */
    void assertLine() {
        interruptLock.lock();
        try {
            asserted = true;
        } finally {
            interruptLock.unlock();
        }
    }

    /** Delivers what the device asserted: a message if those are on, the line otherwise. */
    void deliver(int vector) {
        IntConsumer handler = null;
        interruptLock.lock();
        try {
            // A message is a memory write of the device: without bus mastering it goes nowhere.
            if (messagesOn && master && messageHandler != null && vector < vectors) {
                handler = messageHandler;
                messageHandlersRunning++;
            }
        } finally {
            interruptLock.unlock();
        }
        if (handler == null) {
            deliverLine();
            return;
        }
        try {
            handler.accept(vector);
        } finally {
            interruptLock.lock();
            try {
                messageHandlersRunning--;
                handlerReturned.signalAll();
            } finally {
                interruptLock.unlock();
            }
        }
    }

    /** The device is satisfied. */
    void lower() {
        interruptLock.lock();
        try {
            asserted = false;
        } finally {
            interruptLock.unlock();
        }
    }

    /** What the STATUS register's interrupt bit shows. */
    boolean pending() {
        return asserted && !messagesOn;
    }

    /** Configuration changed; {@link #deliverLine} has to follow when the caller has dropped its locks. */
    void configured(boolean intxDisabled, boolean messagesEnabled, boolean busMaster) {
        interruptLock.lock();
        try {
            lineOff = intxDisabled;
            messagesOn = messagesEnabled;
            master = busMaster;
        } finally {
            interruptLock.unlock();
        }
    }

    /** Delivers the line's level if it is up and nothing keeps it silent. */
    void deliverLine() {
        Runnable handler;
        interruptLock.lock();
        try {
            handler = lineHandler;
            if (handler == null || !asserted || lineMasked || lineOff || messagesOn) {
                return;
            }
            lineMasked = true;
            lineHandlersRunning++;
        } finally {
            interruptLock.unlock();
        }
        try {
            handler.run();
        } finally {
            interruptLock.lock();
            try {
                lineHandlersRunning--;
                handlerReturned.signalAll();
            } finally {
                interruptLock.unlock();
            }
        }
    }

    void enableLine(Runnable handler) {
        interruptLock.lock();
        try {
            if (lineHandler != null) {
                throw new VfioException(Errno.EBUSY, device + ": its interrupt line is in use already");
            }
            lineHandler = handler;
            lineMasked = false;
        } finally {
            interruptLock.unlock();
        }
        deliverLine();
    }

    void unmaskLine() {
        interruptLock.lock();
        try {
            lineMasked = false;
        } finally {
            interruptLock.unlock();
        }
        deliverLine();
    }

    void maskLine() {
        interruptLock.lock();
        try {
            lineMasked = true;
        } finally {
            interruptLock.unlock();
        }
    }

    void disableLine() {
        interruptLock.lock();
        try {
            lineHandler = null;
            while (lineHandlersRunning > 0) {
                handlerReturned.awaitUninterruptibly();
            }
        } finally {
            interruptLock.unlock();
        }
    }

    void enableMessages(int count, IntConsumer handler) {
        interruptLock.lock();
        try {
            if (messageHandler != null) {
                throw new VfioException(Errno.EBUSY, device + ": its message-signalled interrupts are in use already");
            }
            messageHandler = handler;
            vectors = count;
        } finally {
            interruptLock.unlock();
        }
    }

    void disableMessages() {
        interruptLock.lock();
        try {
            messageHandler = null;
            while (messageHandlersRunning > 0) {
                handlerReturned.awaitUninterruptibly();
            }
        } finally {
            interruptLock.unlock();
        }
    }
}
