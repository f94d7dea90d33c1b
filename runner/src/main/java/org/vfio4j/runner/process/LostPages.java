// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Addresses at which pinned memory of a program was found to be gone: whatever the program has there afterwards, devices do not
 * reach it until it is pinned anew. Thread-safe; as long as nothing is lost asking takes no lock.
 */
final class LostPages {
    /** Guards {@link #ranges}. Innermost. */
    private final ReentrantLock rangesLock = new ReentrantLock();

    /** First address and end, exclusive; disjoint. */
    private final TreeMap<Long, Long> ranges = new TreeMap<>();

    private volatile boolean any;

    /** Whether some address of a range is lost. */
    boolean contains(long start, long end) {
        if (!any) {
            return false;
        }
        rangesLock.lock();
        try {
            Map.Entry<Long, Long> before = ranges.lowerEntry(end);
            return before != null && before.getValue() > start;
        } finally {
            rangesLock.unlock();
        }
    }

    /** A range is lost. */
    void add(long start, long end) {
        rangesLock.lock();
        try {
            cut(start, end);
            ranges.put(start, end);
            any = true;
        } finally {
            rangesLock.unlock();
        }
    }

    /** A range has been pinned anew. */
    void remove(long start, long end) {
        if (!any) {
            return;
        }
        rangesLock.lock();
        try {
            cut(start, end);
            any = !ranges.isEmpty();
        } finally {
            rangesLock.unlock();
        }
    }

    private void cut(long start, long end) {
        Map.Entry<Long, Long> range = ranges.lowerEntry(end);
        while (range != null && range.getValue() > start) {
            ranges.remove(range.getKey());
            if (range.getValue() > end) {
                ranges.put(end, range.getValue());
            }
            if (range.getKey() < start) {
                ranges.put(range.getKey(), start);
            }
            range = ranges.lowerEntry(end);
        }
    }
}
