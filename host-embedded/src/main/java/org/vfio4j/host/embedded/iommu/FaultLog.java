// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.vfio4j.spi.host.DmaFault;

/** The latest refused DMA accesses of a machine. Keeps a fixed number of them, so a device gone wild fills no memory. */
public final class FaultLog {
    /** How many faults are kept when nothing else is said. */
    public static final int DEFAULT_CAPACITY = 1024;

    private final int capacity;

    /** Guards what was recorded. Innermost: nothing is called while it is held. */
    private final ReentrantLock recordLock = new ReentrantLock();

    private final ArrayDeque<DmaFault> latest = new ArrayDeque<>();
    private long recorded;

    /** A log that keeps {@value #DEFAULT_CAPACITY} faults. */
    public FaultLog() {
        this(DEFAULT_CAPACITY);
    }

    /**
     * A log.
     *
     * @param capacity how many faults it keeps, at least 1
     */
    public FaultLog(int capacity) {
        if (capacity < 1) {
            throw new IllegalArgumentException("a fault log for " + capacity + " faults");
        }
        this.capacity = capacity;
    }

    /** The latest faults, oldest first. */
    public List<DmaFault> faults() {
        recordLock.lock();
        try {
            return List.copyOf(latest);
        } finally {
            recordLock.unlock();
        }
    }

    /** How many faults there were, those no longer kept included. */
    public long recorded() {
        recordLock.lock();
        try {
            return recorded;
        } finally {
            recordLock.unlock();
        }
    }

    void record(DmaFault fault) {
        recordLock.lock();
        try {
            if (latest.size() == capacity) {
                latest.removeFirst();
            }
            latest.addLast(fault);
            recorded++;
        } finally {
            recordLock.unlock();
        }
    }
}
