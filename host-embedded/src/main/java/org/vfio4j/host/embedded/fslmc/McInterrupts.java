// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.fslmc;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Interrupts of one object: in the management complex a status, a mask and a message for each, on the host's side a
 * handler for all. A handler runs on the thread that caused the interrupt, with no lock held. Thread-safe. Spec: fsl-mc
 * §9.3, §9.4, §11.
 */
final class McInterrupts {
    private static final int ALL_CAUSES = -1;

    private final McVectorPool pool;
    private final int count;

    /** Guards everything here; taken before the pool's lock, never held while a handler runs. */
    private final ReentrantLock interruptLock = new ReentrantLock();

    private final Condition handlerReturned = interruptLock.newCondition();

    private final boolean[] enabled;
    private final int[] mask;
    private final int[] status;
    private final long[] address;
    private final int[] value;

    private @Nullable IntConsumer handler;
    private int[] vectors = {};
    private int handlersRunning;

    McInterrupts(McVectorPool pool, int count) {
        this.pool = pool;
        this.count = count;
        this.enabled = new boolean[count];
        this.mask = new int[count];
        this.status = new int[count];
        this.address = new long[count];
        this.value = new int[count];
        reset();
    }

    int count() {
        return count;
    }

    /**
     * Takes vectors and lets interrupts reach a handler.
     *
     * @return the vectors, by index
     * @throws VfioException EINVAL when somebody has them already, ENOSPC when the container has too few left
     */
    int[] connect(IntConsumer newHandler) {
        interruptLock.lock();
        try {
            if (handler != null) {
                throw new VfioException(Errno.EINVAL, "SET_IRQS refused: the interrupts are in use already");
            }
            vectors = pool.allocate(this, count);
            handler = newHandler;
            return vectors.clone();
        } finally {
            interruptLock.unlock();
        }
    }

    /** Gives the vectors back; no handler runs afterwards. Must not be called by a handler. */
    void disconnect() {
        interruptLock.lock();
        try {
            handler = null;
            pool.free(vectors);
            vectors = new int[0];
            while (handlersRunning > 0) {
                handlerReturned.awaitUninterruptibly();
            }
        } finally {
            interruptLock.unlock();
        }
    }

    /** The host says where an interrupt's message goes. */
    void program(int index, long newAddress, int newValue) {
        interruptLock.lock();
        try {
            address[index] = newAddress;
            value[index] = newValue;
        } finally {
            interruptLock.unlock();
        }
    }

    /** The object wants attention. */
    void raise(int index, int cause) {
        long to;
        int message;
        interruptLock.lock();
        try {
            status[index] |= cause;
            if (!enabled[index] || (mask[index] & cause) == 0 || address[index] == 0) {
                return;
            }
            to = address[index];
            message = value[index];
        } finally {
            interruptLock.unlock();
        }
        pool.message(to, message);
    }

    /** A message for one of the vectors arrived. */
    void deliver(int index) {
        IntConsumer running;
        interruptLock.lock();
        try {
            running = handler;
            if (running == null) {
                return;
            }
            handlersRunning++;
        } finally {
            interruptLock.unlock();
        }
        try {
            running.accept(index);
        } finally {
            interruptLock.lock();
            try {
                handlersRunning--;
                handlerReturned.signalAll();
            } finally {
                interruptLock.unlock();
            }
        }
    }

    void enable(int index, boolean on) {
        interruptLock.lock();
        try {
            enabled[index] = on;
        } finally {
            interruptLock.unlock();
        }
    }

    boolean isEnabled(int index) {
        interruptLock.lock();
        try {
            return enabled[index];
        } finally {
            interruptLock.unlock();
        }
    }

    void mask(int index, int causes) {
        interruptLock.lock();
        try {
            mask[index] = causes;
        } finally {
            interruptLock.unlock();
        }
    }

    int status(int index) {
        interruptLock.lock();
        try {
            return status[index];
        } finally {
            interruptLock.unlock();
        }
    }

    void clear(int index, int causes) {
        interruptLock.lock();
        try {
            status[index] &= ~causes;
        } finally {
            interruptLock.unlock();
        }
    }

    /** Back to default: enabled, every cause let through, none pending. Messages stay programmed. */
    void reset() {
        interruptLock.lock();
        try {
            for (int index = 0; index < count; index++) {
                enabled[index] = true;
                mask[index] = ALL_CAUSES;
                status[index] = 0;
            }
        } finally {
            interruptLock.unlock();
        }
    }
}
