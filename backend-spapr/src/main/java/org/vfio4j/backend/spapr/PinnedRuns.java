// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import static org.vfio4j.backend.spapr.Refusal.hex;

import java.util.Arrays;
import org.vfio4j.spi.memory.AddressSpace;
import org.vfio4j.spi.memory.BackingMemory;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.memory.RunSink;
import org.vfio4j.uapi.Errno;

/**
 * The physically contiguous runs of a pinned range. Not changed once {@link #pin} returned, so that any thread looks up
 * without a lock, in O(log runs).
 */
final class PinnedRuns implements RunSink {
    /** Where each run starts in the range, ascending. */
    private long[] offsets = new long[1];

    private long[] addresses = new long[1];
    private int runs;
    private long size;

    private PinnedRuns() {}

    /**
     * Pins a range for writing.
     *
     * @throws org.vfio4j.uapi.VfioException EFAULT, also for a device's memory; nothing is pinned then
     */
    static PinnedRuns pin(AddressSpace memory, PhysicalMemory physical, long vaddr, long size) {
        var pinned = new PinnedRuns();
        memory.pin(vaddr, size, true, pinned);
        for (int run = 0; run < pinned.runs; run++) {
            BackingMemory backing = physical.backing(pinned.addresses[run]);
            if (backing != null && backing.deviceMemory()) {
                pinned.unpin(physical, false);
                throw Refusal.of(Errno.EFAULT, "REGISTER_MEMORY", "a device's memory is in the range at " + hex(vaddr));
            }
        }
        return pinned;
    }

    @Override
    public void run(long phys, long length) {
        if (runs == offsets.length) {
            offsets = Arrays.copyOf(offsets, 2 * runs);
            addresses = Arrays.copyOf(addresses, 2 * runs);
        }
        offsets[runs] = size;
        addresses[runs] = phys;
        runs++;
        size += length;
    }

    /**
     * Physical address of the page at an offset.
     *
     * @return -1 when the page is not one aligned piece
     */
    long physical(long offset, int shift) {
        int run = runAt(offset);
        long phys = addresses[run] + (offset - offsets[run]);
        long bytes = 1L << shift;
        return offset + bytes > end(run) || (phys & (bytes - 1)) != 0 ? -1 : phys;
    }

    private int runAt(long offset) {
        if (runs == 1) {
            return 0;
        }
        int found = Arrays.binarySearch(offsets, 0, runs, offset);
        return found >= 0 ? found : -found - 2;
    }

    private long end(int run) {
        return run + 1 < runs ? offsets[run + 1] : size;
    }

    /** Gives every run back. */
    void unpin(PhysicalMemory physical, boolean dirty) {
        for (int run = 0; run < runs; run++) {
            physical.unpin(addresses[run], end(run) - offsets[run], dirty);
        }
    }
}
