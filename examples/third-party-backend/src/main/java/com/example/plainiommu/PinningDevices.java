// SPDX-License-Identifier: Apache-2.0
package com.example.plainiommu;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.vfio4j.spi.iommu.DmaUnmapListener;

/** Open devices that pin pages and are told before memory goes. Thread-safe. */
final class PinningDevices {
    /** Shared by callbacks, so that {@link #remove} can wait for those that run. Taken before every other lock of ours. */
    private final ReentrantReadWriteLock callbacks = new ReentrantReadWriteLock();

    private final List<DmaUnmapListener> listeners = new CopyOnWriteArrayList<>();

    void add(DmaUnmapListener device) {
        listeners.add(device);
    }

    /** Returns when no callback is running. */
    void remove(DmaUnmapListener device) {
        callbacks.writeLock().lock();
        try {
            listeners.removeIf(listener -> listener == device);
        } finally {
            callbacks.writeLock().unlock();
        }
    }

    /** Takes no lock: a device that asks may hold one that a callback waits for. */
    boolean isEmpty() {
        return listeners.isEmpty();
    }

    /** Asks every device to unpin a range; the container's lock is not held. */
    void unmapped(long iova, long length) {
        callbacks.readLock().lock();
        try {
            listeners.forEach(device -> device.dmaUnmap(iova, length));
        } finally {
            callbacks.readLock().unlock();
        }
    }
}
