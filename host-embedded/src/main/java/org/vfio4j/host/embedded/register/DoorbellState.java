// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.register;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.vfio4j.spi.model.Doorbell;
import org.vfio4j.spi.model.DoorbellListener;

/**
 * What the model knows of its doorbells, and what it has yet to be told. Finding changes and telling are two steps under
 * different locks of the owner: {@link #known} belongs to the register lock, everything noted for telling to the ring lock,
 * and who looks for changes holds both. Does not allocate.
 */
final class DoorbellState {
    private final long[] offsets;
    private final int[] widths;
    private final DoorbellListener listener;

    /** Value the model was told last, or set itself. */
    private final long[] known;

    private final boolean[] changed;
    private final long[] before;
    private final long[] now;
    private int changes;

    DoorbellState(List<Doorbell> doorbells, DoorbellListener listener) {
        int count = doorbells.size();
        this.offsets = doorbells.stream().mapToLong(Doorbell::offset).toArray();
        this.widths = doorbells.stream().mapToInt(Doorbell::width).toArray();
        this.listener = listener;
        this.known = new long[count];
        this.changed = new boolean[count];
        this.before = new long[count];
        this.now = new long[count];
    }

    boolean isEmpty() {
        return offsets.length == 0;
    }

    /** Whether an access touches a doorbell. */
    boolean touches(long offset, int size) {
        for (int i = 0; i < offsets.length; i++) {
            if (touches(i, offset, size)) {
                return true;
            }
        }
        return false;
    }

    private boolean touches(int doorbell, long offset, int size) {
        return offset < offsets[doorbell] + widths[doorbell] && offsets[doorbell] < offset + size;
    }

    /**
     * Notes which doorbells have another value than the model knows.
     *
     * @return whether there are some
     * @throws InternalError when the pages are gone; what was found before is noted
     */
    boolean look(MemorySegment pages) {
        for (int i = 0; i < offsets.length; i++) {
            long value = RegisterWord.read(pages, offsets[i], widths[i]);
            if (value != known[i]) {
                note(i, value);
            }
        }
        return changes != 0;
    }

    /** Notes the doorbells that a call wrote, whatever the value. */
    void written(MemorySegment pages, long offset, int size) {
        for (int i = 0; i < offsets.length; i++) {
            if (touches(i, offset, size)) {
                note(i, RegisterWord.read(pages, offsets[i], widths[i]));
            }
        }
    }

    private void note(int doorbell, long value) {
        if (!changed[doorbell]) {
            changed[doorbell] = true;
            before[doorbell] = known[doorbell];
            changes++;
        }
        now[doorbell] = value;
        known[doorbell] = value;
    }

    /** The device itself wrote: the model knows these values. Under the register lock alone. */
    void setByDevice(MemorySegment pages, long offset, int size) {
        for (int i = 0; i < offsets.length; i++) {
            if (touches(i, offset, size)) {
                known[i] = RegisterWord.read(pages, offsets[i], widths[i]);
            }
        }
    }

    /** The registers were zeroed. Under the register lock alone. */
    void cleared() {
        Arrays.fill(known, 0);
    }

    /** Tells the model what was noted. Under the ring lock alone. */
    void ring() {
        if (changes != 0) {
            changes = 0;
            ring(0);
        }
    }

    private void ring(int first) {
        for (int i = first; i < offsets.length; i++) {
            if (changed[i]) {
                changed[i] = false;
                boolean told = false;
                try {
                    listener.rung(offsets[i], before[i], now[i]);
                    told = true;
                } finally {
                    if (!told) {
                        ring(i + 1); // the model failed; what it is not told now it never would be
                    }
                }
            }
        }
    }
}
