// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.spi.iommu.DmaUnmapListener;

/**
 * Open devices that want to hear of unmaps, newest first (kernel: {@code vfio_iommu.device_list}).
 *
 * <p>The list is copied on write, so telling the devices needs no lock that registering needs: a callback may unpin, and
 * another device may register or leave meanwhile. Thread-safe. Spec: type1 §10, §14 L1-L2.
 */
final class DeviceList {
    private static final Logger LOG = LoggerFactory.getLogger(DeviceList.class);
    private static final Registration[] NONE = {};

    /** Serialises changes of the list. Innermost: nothing is called under it. */
    private final ReentrantLock changeLock = new ReentrantLock();

    private volatile Registration[] newestFirst = NONE;

    boolean isEmpty() {
        return newestFirst.length == 0;
    }

    void register(DmaUnmapListener device) {
        changeLock.lock();
        try {
            Registration[] old = newestFirst;
            Registration[] next = new Registration[old.length + 1];
            next[0] = new Registration(device);
            System.arraycopy(old, 0, next, 1, old.length);
            newestFirst = next;
        } finally {
            changeLock.unlock();
        }
    }

    /** Returns when no callback of the device is running, unless called from that callback. */
    void unregister(DmaUnmapListener device) {
        Registration found = remove(device);
        if (found != null) {
            found.end();
        }
    }

    /** Tells every device, newest first. The instance lock is not held. */
    void dmaUnmap(long iova, long length) {
        for (Registration registration : newestFirst) {
            registration.dmaUnmap(iova, length);
        }
    }

    private @Nullable Registration remove(DmaUnmapListener device) {
        changeLock.lock();
        try {
            Registration[] old = newestFirst;
            for (int i = 0; i < old.length; i++) {
                if (old[i].device.equals(device)) {
                    Registration[] next = new Registration[old.length - 1];
                    System.arraycopy(old, 0, next, 0, i);
                    System.arraycopy(old, i + 1, next, i, next.length - i);
                    newestFirst = next;
                    return old[i];
                }
            }
            return null;
        } finally {
            changeLock.unlock();
        }
    }

    /** One device that was opened and not closed. */
    private static final class Registration {
        final DmaUnmapListener device;
        /** Held while the device's callback runs. Taken with no other lock of this backend; the callback may take them. */
        private final ReentrantLock callbackLock = new ReentrantLock();

        private boolean ended;

        Registration(DmaUnmapListener device) {
            this.device = device;
        }

        void dmaUnmap(long iova, long length) {
            callbackLock.lock();
            try {
                if (!ended) {
                    device.dmaUnmap(iova, length);
                }
            } catch (RuntimeException e) {
                LOG.error(
                        "a device failed to let go of [0x{}, +0x{})",
                        Long.toHexString(iova),
                        Long.toHexString(length),
                        e);
            } finally {
                callbackLock.unlock();
            }
        }

        void end() {
            callbackLock.lock();
            try {
                ended = true;
            } finally {
                callbackLock.unlock();
            }
        }
    }
}
