// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.memory;

import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.memory.RunSink;

/** Pins ranges of one state of an address space's areas, all or nothing, in runs as long as they can be. Spec: type1 §9.1. */
final class AreaPinner {
    private final PhysicalMemory physical;

    AreaPinner(PhysicalMemory physical) {
        this.physical = physical;
    }

    /**
     * Makes a range resident, pins it and reports where it is.
     *
     * @throws org.vfio4j.uapi.VfioException EFAULT; nothing is pinned then
     */
    void pin(VmAreaIndex index, long vaddr, long end, boolean write, RunSink sink) {
        for (long at = vaddr; at < end; ) {
            VmArea area = index.at(at);
            if (area == null || !populate(area, at, Math.min(area.end(), end), write)) {
                throw JvmAddressSpace.fault("pin", at, end - at);
            }
            at = area.end();
        }
        for (long at = vaddr; at < end; ) {
            long stop = runEnd(index, at, end);
            if (!physical.pin(physOf(index, at), stop - at)) {
                // Freed since the state was read.
                unpin(index, vaddr, at, end);
                throw JvmAddressSpace.fault("pin", at, stop - at);
            }
            at = stop;
        }
        for (long at = vaddr; at < end; ) {
            long stop = runEnd(index, at, end);
            sink.run(physOf(index, at), stop - at);
            at = stop;
        }
    }

    private boolean populate(VmArea area, long start, long end, boolean write) {
        return area.allows(write)
                && area.object().memory.populate(area.offset(start), end - start, physical.pageSize());
    }

    /** Takes back the pins of the runs before {@code failed}. */
    private void unpin(VmAreaIndex index, long start, long failed, long end) {
        for (long at = start; at < failed; ) {
            long stop = runEnd(index, at, end);
            physical.unpin(physOf(index, at), stop - at, false);
            at = stop;
        }
    }

    /** End of the run that starts at an address: areas that follow each other and show the same object. */
    private static long runEnd(VmAreaIndex index, long start, long end) {
        VmArea area = areaAt(index, start);
        VmObject object = area.object();
        long at = area.end();
        while (at < end) {
            VmArea next = index.at(at);
            if (next == null || next.object() != object) {
                break;
            }
            at = next.end();
        }
        return Math.min(at, end);
    }

    private static long physOf(VmAreaIndex index, long address) {
        return areaAt(index, address).phys(address);
    }

    /** The area at an address that was checked in the same state. */
    static VmArea areaAt(VmAreaIndex index, long address) {
        VmArea area = index.at(address);
        if (area == null) {
            throw new IllegalStateException("0x" + Long.toHexString(address) + " was there when it was checked");
        }
        return area;
    }
}
