// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import java.util.concurrent.locks.Lock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Removes areas and, for the shim, cuts them in two (kernel: {@code iopt_unmap_iova}, {@code iopt_cut_iova}). Removal is
 * not atomic: areas removed before an error stay removed. Spec: iommufd §5.7, §6.7 A5, §9 C7, §12 L2.
 */
final class IoasUnmapper {
    /** How often accesses are asked to let go of one area. */
    private static final int MAX_ROUNDS = 100;

    private final IoPageTable table;

    IoasUnmapper(IoPageTable table) {
        this.table = table;
    }

    /**
     * How far an unmap got.
     *
     * @param removed bytes removed, also before a refusal
     * @param refusal why it did not get further: ENOENT when an area sticks out of the range, EBUSY when one is under
     *     construction, EDEADLK when accesses do not let go
     */
    record Outcome(long removed, @Nullable VfioException refusal) {
        /** The bytes removed, if all went well. */
        long orThrow() {
            if (refusal != null) {
                throw refusal;
            }
            return removed;
        }
    }

    /**
     * Removes all areas within a range; none are no error.
     *
     * @param last last address, inclusive
     */
    Outcome unmap(long start, long last) {
        long removed = 0;
        long from = start;
        int rounds = 0;
        Lock domains = table.domainsLock.readLock();
        while (true) {
            Area pinned;
            domains.lock();
            try {
                while (true) {
                    Area area;
                    boolean mustWait;
                    table.iovaLock.writeLock().lock();
                    try {
                        area = table.space.areas.firstIntersecting(from, last);
                        if (area == null) {
                            return new Outcome(removed, null);
                        }
                        VfioException refusal = refusal(area, from, start, last);
                        if (refusal != null) {
                            return new Outcome(removed, refusal);
                        }
                        mustWait = area.accesses != 0;
                        if (mustWait) {
                            area.preventAccess = true;
                        } else {
                            area.state = Area.State.REMOVING;
                        }
                    } finally {
                        table.iovaLock.writeLock().unlock();
                    }
                    if (mustWait) {
                        pinned = area;
                        break;
                    }
                    remove(area);
                    removed += area.length;
                    if (area.last == last) {
                        return new Outcome(removed, null);
                    }
                    from = area.last + 1;
                    rounds = 0;
                }
            } finally {
                domains.unlock();
            }
            if (pinned.start != from) {
                from = pinned.start;
                rounds = 0;
            }
            // No lock of the engine is held here: the callback may unpin.
            notifyAccesses(pinned.start, pinned.length);
            if (++rounds > MAX_ROUNDS) {
                return new Outcome(
                        removed,
                        new VfioException(
                                Errno.EDEADLK,
                                "UNMAP refused: pins on " + IovaSpace.range(pinned.start, pinned.last)
                                        + " are not given back"));
            }
        }
    }

    /** Why an area in the range must not be removed, or null. Under the IOVA lock. */
    private static @Nullable VfioException refusal(Area area, long from, long start, long last) {
        if (area.state != Area.State.READY) {
            return new VfioException(
                    Errno.EBUSY,
                    "UNMAP refused: " + IovaSpace.range(area.start, area.last) + " is being mapped or unmapped");
        }
        if (Long.compareUnsigned(area.start, from) < 0 || Long.compareUnsigned(area.last, last) > 0) {
            return new VfioException(
                    Errno.ENOENT,
                    "UNMAP refused: the mapping " + IovaSpace.range(area.start, area.last) + " sticks out of "
                            + IovaSpace.range(start, last));
        }
        return null;
    }

    private void remove(Area area) {
        AreaFiller.empty(table.tables(), area, table.errors);
        Lock layout = table.iovaLock.writeLock();
        layout.lock();
        try {
            table.space.areas.remove(area);
        } finally {
            layout.unlock();
        }
        area.pages.drop();
    }

    private void notifyAccesses(long iova, long length) {
        for (Access access : table.accesses()) {
            if (access.tryGet()) {
                try {
                    access.client().dmaUnmap(iova, length);
                } finally {
                    access.put();
                }
            }
        }
    }

    /**
     * Cuts the area that holds {@code position} behind it, unless an area ends there, or begins there, or there is none.
     *
     * @param position last byte of the left half
     * @throws VfioException EBUSY, EINVAL; nothing has changed then
     */
    void cut(long position) {
        table.domainsLock.readLock().lock();
        table.iovaLock.writeLock().lock();
        try {
            Area area = table.space.areaAt(position);
            if (area == null || position == area.start || position == area.last) {
                return;
            }
            checkCut(area, position);
            long leftLength = position - area.start + 1;
            Area left = new Area(area.pages, area.offset, leftLength, area.protection);
            Area right = new Area(area.pages, area.offset + leftLength, area.length - leftLength, area.protection);
            left.place(area.start);
            right.place(position + 1);
            splitSpan(area, left, right);
            left.state = Area.State.READY;
            right.state = Area.State.READY;
            table.space.areas.remove(area);
            table.space.areas.insert(left);
            table.space.areas.insert(right);
            area.pages.hold(); // one more area
        } finally {
            table.iovaLock.writeLock().unlock();
            table.domainsLock.readLock().unlock();
        }
    }

    private void checkCut(Area area, long position) {
        if (area.state != Area.State.READY || area.preventAccess) {
            throw new VfioException(
                    Errno.EBUSY, "the mapping at iova " + IovaSpace.hex(area.start) + " is being mapped or unmapped");
        }
        long alignment = table.space.alignment();
        long newOffset = area.offset + (position - area.start) + 1;
        if ((((position + 1) | newOffset) & (alignment - 1)) != 0) {
            throw new VfioException(
                    Errno.EINVAL, "a cut at iova " + IovaSpace.hex(position + 1) + " is not aligned to " + alignment);
        }
        if (area.accesses != 0) {
            throw new VfioException(
                    Errno.EINVAL, "the mapping at iova " + IovaSpace.hex(area.start) + " is pinned and cannot be cut");
        }
        if (table.largePages() && area.filled != null) {
            throw new VfioException(
                    Errno.EINVAL,
                    "the mapping at iova " + IovaSpace.hex(area.start) + " may be in large pages and cannot be cut");
        }
    }

    private static void splitSpan(Area area, Area left, Area right) {
        PageSpan whole = area.filled;
        if (whole == null) {
            return;
        }
        var leftSpan = new PageSpan(left.firstPage(), left.lastPage());
        var rightSpan = new PageSpan(right.firstPage(), right.lastPage());
        area.pages.pagesLock.lock();
        try {
            area.pages.split(whole, leftSpan, rightSpan);
        } finally {
            area.pages.pagesLock.unlock();
        }
        left.filled = leftSpan;
        right.filled = rightSpan;
    }
}
