// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.mdev;

import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.vfio4j.spi.mdev.MdevParent;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Keeps creation and removal of a parent's devices apart from the parent's going away (kernel: {@code unreg_sem}). Many
 * creations and removals pass at once; unregistration waits for them and then shuts the gate for good. Spec: mdev §2.3, §8.
 */
final class ParentGate {
    private final MdevParent parent;

    /** Taken first, shared across a whole creation or removal, exclusively by unregistration; before the list lock. */
    private final ReentrantReadWriteLock unregisterLock = new ReentrantReadWriteLock();

    /** Written under the exclusive lock; read without a lock to see what there is. */
    private volatile boolean unregistered;

    ParentGate(MdevParent parent) {
        this.parent = parent;
    }

    MdevParent parent() {
        return parent;
    }

    /** Whether it still offers its types. */
    boolean registered() {
        return !unregistered;
    }

    /**
     * Begins a creation or removal; {@link #leave} has to follow.
     *
     * @throws VfioException ENODEV when the parent goes or is gone
     */
    void enter(String operation) {
        if (!unregisterLock.readLock().tryLock()) {
            throw gone(operation);
        }
        if (unregistered) {
            unregisterLock.readLock().unlock();
            throw gone(operation);
        }
    }

    private VfioException gone(String operation) {
        return new VfioException(
                Errno.ENODEV, operation + " refused: parent " + parent.name() + " is being unregistered");
    }

    void leave() {
        unregisterLock.readLock().unlock();
    }

    /**
     * Waits for creations and removals that run, lets no other begin, then removes what is left.
     *
     * @return false when it was shut before
     */
    boolean shut(Runnable removeChildren) {
        unregisterLock.writeLock().lock();
        try {
            if (unregistered) {
                return false;
            }
            removeChildren.run();
            unregistered = true;
            return true;
        } finally {
            unregisterLock.writeLock().unlock();
        }
    }
}
