// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

import java.util.ArrayList;
import java.util.List;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.memory.RunSink;

/** Pins made one after the other, of which all are reported or none is kept. One thread. */
final class PinnedRuns {
    private final PhysicalMemory physical;

    /** Pairs of address and length; adjacent ones are one, which counts the same pages: they meet at the end of a page. */
    private final List<long[]> runs = new ArrayList<>();

    PinnedRuns(PhysicalMemory physical) {
        this.physical = physical;
    }

    /** Pins a run behind those before; false when its memory is gone. */
    boolean add(long phys, long length) {
        if (!physical.pin(phys, length)) {
            return false;
        }
        long[] last = runs.isEmpty() ? null : runs.getLast();
        if (last != null && last[0] + last[1] == phys) {
            last[1] += length;
        } else {
            runs.add(new long[] {phys, length});
        }
        return true;
    }

    /** Takes over all runs of another one, which then has none. */
    void addAll(PinnedRuns others) {
        for (long[] run : others.runs) {
            long[] last = runs.isEmpty() ? null : runs.getLast();
            if (last != null && last[0] + last[1] == run[0]) {
                last[1] += run[1];
            } else {
                runs.add(run);
            }
        }
        others.runs.clear();
    }

    /** Gives all pins back. */
    void undo() {
        runs.forEach(run -> physical.unpin(run[0], run[1], false));
        runs.clear();
    }

    /** Reports all runs; they are the receiver's now. */
    void report(RunSink sink) {
        for (long[] run : runs) {
            sink.run(run[0], run[1]);
        }
    }
}
