// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.race;

import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** What has to be back at zero when everybody rests, and what should never have happened. Thread-safe. */
final class Books {
    /** Backend instances that are not released. */
    final AtomicInteger instances = new AtomicInteger();

    /** Iommufd contexts that have a reference. */
    final AtomicInteger contexts = new AtomicInteger();

    /** Pages pinned by devices. */
    final AtomicInteger pins = new AtomicInteger();

    /** Devices registered with a container's backend for unmap callbacks. */
    final AtomicInteger listeners = new AtomicInteger();

    /** First opens so far. */
    final AtomicLong opens = new AtomicLong();

    /** Requests to let go so far. */
    final AtomicLong requests = new AtomicLong();

    private final Map<String, LongAdder> succeeded = new ConcurrentHashMap<>();

    private final Queue<String> violations = new ConcurrentLinkedQueue<>();

    /** Notes what must not happen, as a sentence. */
    void violation(String sentence) {
        // With the place, since the sentence alone seldom tells how it came to that.
        violations.add(sentence + " at "
                + StackWalker.getInstance()
                        .walk(frames -> frames.skip(1)
                                .limit(12)
                                .map(StackWalker.StackFrame::toString)
                                .toList()));
    }

    /** Notes a fact that does not hold. */
    void require(boolean fact, String sentence) {
        if (!fact) {
            violation(sentence);
        }
    }

    /** Counts an operation of a program that succeeded. */
    void succeeded(String operation) {
        succeeded.computeIfAbsent(operation, name -> new LongAdder()).increment();
    }

    /** How often each operation has succeeded. */
    Map<String, Long> successes() {
        var sorted = new TreeMap<String, Long>();
        succeeded.forEach((name, count) -> sorted.put(name, count.sum()));
        return sorted;
    }

    /** The violations so far. */
    List<String> violations() {
        return List.copyOf(violations);
    }
}
