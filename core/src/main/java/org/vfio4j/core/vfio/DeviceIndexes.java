// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.BitSet;
import java.util.concurrent.locks.ReentrantLock;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Gives devices the X of their name {@code vfioX}: the lowest free one (kernel: {@code vfio.device_ida}). Spec: core §1. */
@Singleton
final class DeviceIndexes {
    private static final int LIMIT = 1 << 20;

    /** Guards {@link #used}; a leaf. */
    private final ReentrantLock lock = new ReentrantLock();

    private final BitSet used = new BitSet();

    @Inject
    DeviceIndexes() {}

    int allocate() {
        lock.lock();
        try {
            int index = used.nextClearBit(0);
            if (index >= LIMIT) {
                throw new VfioException(Errno.ENOSPC, "all " + LIMIT + " VFIO device indexes are in use");
            }
            used.set(index);
            return index;
        } finally {
            lock.unlock();
        }
    }

    void free(int index) {
        lock.lock();
        try {
            used.clear(index);
        } finally {
            lock.unlock();
        }
    }
}
