// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import static org.vfio4j.backend.type1.Refusal.hex;
import static org.vfio4j.backend.type1.Refusal.range;

import org.vfio4j.spi.call.Caller;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioType1;

/** MAP_DMA (kernel: {@code vfio_dma_do_map}); the numbers M2 to M15 are the specification's. Spec: type1 §4, §6. */
final class MapOperation {
    private static final String NAME = "MAP_DMA";
    private static final int ACCESS = VfioType1.VFIO_DMA_MAP_FLAG_READ | VfioType1.VFIO_DMA_MAP_FLAG_WRITE;
    private static final int VADDR = VfioType1.VFIO_DMA_MAP_FLAG_VADDR;

    private final InstanceState state;
    private final Mappings mappings;
    private final DirtyTracking tracking;
    private final Accounting accounting;

    MapOperation(InstanceState state, Mappings mappings, DirtyTracking tracking, Accounting accounting) {
        this.state = state;
        this.mappings = mappings;
        this.tracking = tracking;
        this.accounting = accounting;
    }

    /**
     * Maps, or gives an existing mapping its new address.
     *
     * @throws VfioException see the table in the specification; nothing has changed then
     */
    void map(Caller caller, int flags, long vaddr, long iova, long size) {
        checkArguments(flags, vaddr, iova, size);
        state.lock.lock();
        try {
            checkAlignment(vaddr, iova, size); // M7
            if ((flags & VADDR) != 0) {
                updateVaddr(caller, vaddr, iova, size); // M8
            } else {
                add(caller, flags & ACCESS, vaddr, iova, size);
            }
        } finally {
            state.lock.unlock();
        }
    }

    private static void checkArguments(int flags, long vaddr, long iova, long size) {
        if ((flags & ~(ACCESS | VADDR)) != 0) { // M2
            throw refuse(Errno.EINVAL, "unknown flags " + hex(flags & 0xffff_ffffL));
        }
        if (size == 0) { // M4
            throw refuse(Errno.EINVAL, "size is 0");
        }
        if (wraps(iova, size) || wraps(vaddr, size)) { // M5
            throw refuse(
                    Errno.EOVERFLOW,
                    "iova " + hex(iova) + " or vaddr " + hex(vaddr) + " with size " + hex(size) + " passes 2^64");
        }
        boolean update = (flags & VADDR) != 0;
        boolean access = (flags & ACCESS) != 0;
        if (update == access) { // M6
            throw refuse(Errno.EINVAL, update ? "flag VADDR excludes READ and WRITE" : "neither READ nor WRITE is set");
        }
    }

    private void checkAlignment(long vaddr, long iova, long size) {
        long page = state.domains.smallestPage();
        if (((size | iova | vaddr) & (page - 1)) != 0) {
            throw refuse(
                    Errno.EINVAL,
                    "iova " + hex(iova) + ", vaddr " + hex(vaddr) + " and size " + hex(size)
                            + " are not all multiples of the page size " + hex(page));
        }
    }

    private void add(Caller caller, int protection, long vaddr, long iova, long size) {
        long last = iova + (size - 1);
        // Beside many mappings these lie in memory no cache holds. Asked for together they arrive together.
        state.domains.prefetch(iova);
        state.entries.prefetch(iova);
        DmaEntry other = state.entries.firstOverlapping(iova, last);
        if (other != null) { // M9
            throw refuse(Errno.EEXIST, range(iova, last) + " overlaps the mapping " + range(other.iova, other.last));
        }
        if (state.mappingsAvailable == 0) { // M10
            throw refuse(Errno.ENOSPC, "all mappings that dma_entry_limit allows are in use");
        }
        if (!state.ranges.accept(iova, last)) { // M11
            throw refuse(Errno.EINVAL, range(iova, last) + " is not inside one usable range of " + describeRanges());
        }
        DmaEntry entry = new DmaEntry(iova, size, vaddr, protection, caller, Accounting.exempt(caller)); // M13
        state.entries.insert(entry);
        state.mappingsAvailable--;
        boolean done = false;
        try {
            if (!state.domains.isEmpty()) {
                mappings.realize(entry); // M14
            }
            if (state.tracking) {
                tracking.addBitmap(entry); // M15
            }
            done = true;
        } finally {
            if (!done) {
                mappings.remove(entry);
            }
        }
    }

    private void updateVaddr(Caller caller, long vaddr, long iova, long size) {
        DmaEntry entry = state.entries.firstOverlapping(iova, iova + (size - 1));
        if (entry == null) {
            throw refuse(Errno.ENOENT, "no mapping at " + hex(iova) + " to give a new vaddr");
        }
        if (entry.vaddrValid || entry.iova != iova || entry.size() != size) {
            throw refuse(
                    Errno.EINVAL,
                    "the mapping " + range(entry.iova, entry.last)
                            + (entry.vaddrValid
                                    ? " has a valid vaddr"
                                    : " is not exactly " + range(iova, iova + (size - 1))));
        }
        if (!caller.memory().equals(entry.memory)) {
            accounting.transfer(entry, caller);
        }
        entry.vaddr = vaddr;
        entry.vaddrValid = true;
        state.invalidVaddrs--;
    }

    private String describeRanges() {
        StringBuilder text = new StringBuilder();
        state.ranges
                .ranges()
                .forEach(
                        usable -> text.append(text.isEmpty() ? "" : ", ").append(range(usable.start(), usable.last())));
        return text.toString();
    }

    static boolean wraps(long start, long size) {
        return Long.compareUnsigned(start + (size - 1), start) < 0;
    }

    private static VfioException refuse(Errno errno, String reason) {
        return Refusal.of(errno, NAME, reason);
    }
}
