// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import static org.vfio4j.backend.type1.Refusal.hex;
import static org.vfio4j.backend.type1.Refusal.range;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioType1;

/** UNMAP_DMA (kernel: {@code vfio_dma_do_unmap}); the numbers U2 to U10 are the specification's. Spec: type1 §5, §6. */
final class UnmapOperation {
    private static final Logger LOG = LoggerFactory.getLogger(UnmapOperation.class);
    private static final String NAME = "UNMAP_DMA";
    private static final int ALL = VfioType1.VFIO_DMA_UNMAP_FLAG_ALL;
    private static final int VADDR = VfioType1.VFIO_DMA_UNMAP_FLAG_VADDR;
    private static final int GET_DIRTY = VfioType1.VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP;
    /** How often devices are asked to let go of one mapping before its pins are dropped for them. */
    private static final int MOST_NOTIFICATIONS = 10;

    private final InstanceState state;
    private final Mappings mappings;
    private final DirtyTracking tracking;
    private final EntryPinner pinner;

    UnmapOperation(InstanceState state, Mappings mappings, DirtyTracking tracking, EntryPinner pinner) {
        this.state = state;
        this.mappings = mappings;
        this.tracking = tracking;
        this.pinner = pinner;
    }

    /** U2's flag rules, which come before the bitmap is looked at. */
    static void checkFlags(int flags) {
        if ((flags & ~(ALL | VADDR | GET_DIRTY)) != 0) {
            throw refuse(Errno.EINVAL, "unknown flags " + hex(flags & 0xffff_ffffL));
        }
        if ((flags & GET_DIRTY) != 0 && (flags & (ALL | VADDR)) != 0) {
            throw refuse(Errno.EINVAL, "GET_DIRTY_BITMAP excludes ALL and VADDR");
        }
    }

    /**
     * Removes mappings, or marks them as waiting for a new address.
     *
     * @param bitmap where written pages are reported; with the flag for it only
     * @return bytes of the mappings removed or marked, modulo 2^64
     * @throws VfioException see the specification; mappings removed before a report failed stay removed
     */
    long unmap(int flags, long iova, long size, @Nullable BitmapTarget bitmap) {
        checkFlags(flags);
        state.lock.lock();
        try {
            if ((flags & VADDR) != 0 && !state.emulated.isEmpty()) { // U4
                throw refuse(Errno.EBUSY, "flag VADDR while a group without IOMMU hardware is attached");
            }
            checkRange(flags, iova, size);
            if (bitmap != null) { // U8
                tracking.checkReport(NAME, bitmap);
            }
            long last = (flags & ALL) != 0 ? -1L : iova + (size - 1);
            if ((flags & VADDR) != 0) {
                return invalidate(flags, iova, last);
            }
            return remove(flags, iova, last, bitmap);
        } finally {
            state.lock.unlock();
        }
    }

    private void checkRange(int flags, long iova, long size) {
        long offsetBits = state.domains.smallestPage() - 1;
        if ((iova & offsetBits) != 0) { // U5
            throw refuse(Errno.EINVAL, "iova " + hex(iova) + " is not a multiple of " + hex(offsetBits + 1));
        }
        if ((flags & ALL) != 0) { // U6
            if (iova != 0 || size != 0) {
                throw refuse(Errno.EINVAL, "flag ALL with iova " + hex(iova) + " and size " + hex(size));
            }
        } else if (size == 0 || (size & offsetBits) != 0) { // U7
            throw refuse(Errno.EINVAL, "size " + hex(size) + " is 0 or not a multiple of " + hex(offsetBits + 1));
        } else if (MapOperation.wraps(iova, size)) {
            throw refuse(Errno.EOVERFLOW, "iova " + hex(iova) + " with size " + hex(size) + " passes 2^64");
        }
    }

    /** U9: with v2 semantics a request must not cut an entry. */
    private void refuseCut(int flags, long iova, long last) {
        if (!state.version2 || (flags & ALL) != 0) {
            return;
        }
        DmaEntry entry = state.entries.containing(iova);
        if (entry == null || entry.iova == iova) {
            if (entry != null && entry.last == last) {
                return; // exactly one mapping, as most requests: its other end needs no look-up
            }
            entry = state.entries.containing(last);
            if (entry == null || entry.last == last) {
                return;
            }
        }
        throw refuse(Errno.EINVAL, range(iova, last) + " cuts the mapping " + range(entry.iova, entry.last));
    }

    private long remove(int flags, long iova, long last, @Nullable BitmapTarget bitmap) {
        refuseCut(flags, iova, last);
        long removed = 0;
        DmaEntry askedFor = null;
        int notifications = 0;
        DmaEntry entry = state.entries.firstOverlapping(iova, last);
        while (entry != null) {
            if (startsInside(entry, iova)) {
                break;
            }
            if (entry.hasPins()) {
                notifications = entry == askedFor ? notifications + 1 : 1;
                askedFor = entry;
                if (notifications > MOST_NOTIFICATIONS) {
                    LOG.error(
                            "devices still hold {} pages of {} after {} requests: taken from them",
                            entry.pinnedPages(),
                            range(entry.iova, entry.last),
                            MOST_NOTIFICATIONS);
                    pinner.dropPins(entry);
                } else {
                    notifyDevices(entry.iova, entry.size());
                    refuseCut(flags, iova, last);
                    entry = state.entries.firstOverlapping(iova, last);
                    continue;
                }
            }
            if (bitmap != null) {
                tracking.report(entry, iova, bitmap);
            }
            removed += entry.size();
            mappings.remove(entry);
            boolean reachesEnd = Long.compareUnsigned(entry.last, last) >= 0;
            entry = reachesEnd ? null : state.entries.firstOverlapping(iova, last);
        }
        return removed;
    }

    private long invalidate(int flags, long iova, long last) {
        refuseCut(flags, iova, last);
        long marked = 0;
        DmaEntry entry = state.entries.firstOverlapping(iova, last);
        while (entry != null && Long.compareUnsigned(entry.iova, last) <= 0 && !startsInside(entry, iova)) {
            if (!entry.vaddrValid) {
                DmaEntry invalid = entry;
                restore(iova, invalid);
                throw refuse(
                        Errno.EINVAL,
                        "the vaddr of the mapping " + range(invalid.iova, invalid.last) + " is invalid already");
            }
            entry.vaddrValid = false;
            state.invalidVaddrs++;
            marked += entry.size();
            entry = state.entries.next(entry);
        }
        return marked;
    }

    private void restore(long iova, DmaEntry end) {
        DmaEntry entry = state.entries.firstReaching(iova);
        while (entry != null && entry != end) {
            entry.vaddrValid = true;
            state.invalidVaddrs--;
            entry = state.entries.next(entry);
        }
    }

    /** v1: a request that starts inside an entry ends there, without an error. */
    private boolean startsInside(DmaEntry entry, long iova) {
        return !state.version2 && Long.compareUnsigned(entry.iova, iova) < 0;
    }

    /** Devices unpin, which takes the instance lock; whatever was looked up before must be looked up again. */
    private void notifyDevices(long iova, long size) {
        state.lock.unlock();
        try {
            state.devices.dmaUnmap(iova, size);
        } finally {
            state.lock.lock();
        }
    }

    private static VfioException refuse(Errno errno, String reason) {
        return Refusal.of(errno, NAME, reason);
    }
}
