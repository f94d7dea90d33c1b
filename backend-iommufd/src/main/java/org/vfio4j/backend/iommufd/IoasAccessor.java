// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.Lock;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.spi.memory.RunSink;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * What accesses do with areas: pin, unpin and copy (kernel: {@code iommufd_access_pin_pages} and siblings). All of it under
 * the IOVA lock, shared. Spec: iommufd §6.7 A2 to A4.
 */
final class IoasAccessor {
    private IoasAccessor() {}

    /**
     * Pins a range, all or nothing, and reports where it is.
     *
     * @throws VfioException ENOENT, EINVAL, EOVERFLOW, EPERM, EFAULT, ENOMEM
     */
    static AccessPin pin(IoPageTable table, long iova, long length, boolean write, RunSink sink) {
        long last = checkRange(iova, length);
        var pin = new AccessPin(table, iova, last);
        Lock layout = table.iovaLock.readLock();
        layout.lock();
        try {
            try {
                long at = iova;
                Area area = firstArea(table, iova, iova, last);
                while (true) {
                    long end = Long.compareUnsigned(area.last, last) < 0 ? area.last : last;
                    checkAccess(area, write);
                    pinPart(pin, area, at, end, end != last);
                    if (end == last) {
                        break;
                    }
                    at = end + 1;
                    area = firstArea(table, at, iova, last);
                }
            } catch (RuntimeException refused) {
                letGo(pin);
                throw refused;
            }
            report(pin, sink);
            return pin;
        } finally {
            layout.unlock();
        }
    }

    /** Gives a pin back. Cannot fail. */
    static void unpin(AccessPin pin) {
        Lock layout = pin.table.iovaLock.readLock();
        layout.lock();
        try {
            letGo(pin);
        } finally {
            layout.unlock();
        }
    }

    /**
     * Copies between a buffer and the range. Bytes of earlier areas may be copied when a later one refuses.
     *
     * @throws VfioException ENOENT, EINVAL, EOVERFLOW, EPERM, EFAULT
     */
    static void copy(IoPageTable table, long iova, MemorySegment buffer, boolean write) {
        long last = checkRange(iova, buffer.byteSize());
        Lock layout = table.iovaLock.readLock();
        layout.lock();
        try {
            long at = iova;
            while (true) {
                Area area = firstArea(table, at, iova, last);
                checkAccess(area, write);
                long end = Long.compareUnsigned(area.last, last) < 0 ? area.last : last;
                area.pages.copy(area.offset + (at - area.start), buffer, at - iova, end - at + 1, write);
                if (end == last) {
                    return;
                }
                at = end + 1;
            }
        } finally {
            layout.unlock();
        }
    }

    private static long checkRange(long iova, long length) {
        if (length == 0) {
            throw new VfioException(Errno.EINVAL, "an access of 0 bytes at iova " + IovaSpace.hex(iova));
        }
        long last = iova + length - 1;
        if (Long.compareUnsigned(last, iova) < 0) {
            throw new VfioException(
                    Errno.EOVERFLOW,
                    "iova " + IovaSpace.hex(iova) + " plus length " + IovaSpace.hex(length) + " wraps");
        }
        return last;
    }

    private static Area firstArea(IoPageTable table, long at, long iova, long last) {
        Area area = table.space.areaAt(at);
        if (area == null || area.state != Area.State.READY) {
            throw new VfioException(
                    Errno.ENOENT,
                    "access to " + IovaSpace.range(iova, last) + " refused: iova " + IovaSpace.hex(at)
                            + " is not mapped");
        }
        return area;
    }

    private static void checkAccess(Area area, boolean write) {
        if (area.preventAccess) {
            throw new VfioException(
                    Errno.EINVAL, "the mapping " + IovaSpace.range(area.start, area.last) + " is being unmapped");
        }
        int needed = write ? Protection.WRITE : Protection.READ;
        if ((area.protection & needed) == 0) {
            throw new VfioException(
                    Errno.EPERM,
                    "the mapping " + IovaSpace.range(area.start, area.last) + " allows no "
                            + (write ? "write" : "read"));
        }
    }

    private static void pinPart(AccessPin pin, Area area, long at, long end, boolean more) {
        PageObject pages = area.pages;
        long firstByte = area.offset + (at - area.start);
        long lastByte = area.offset + (end - area.start);
        long pageMask = (1L << pages.pageShift()) - 1;
        if ((firstByte & pageMask) != 0 || (more && ((lastByte + 1) & pageMask) != 0)) {
            throw new VfioException(
                    Errno.EINVAL, "iova " + IovaSpace.hex(at) + " is not at a page boundary of the memory behind it");
        }
        var span = new PageSpan(firstByte >>> pages.pageShift(), lastByte >>> pages.pageShift());
        pages.pagesLock.lock();
        try {
            pages.acquire(span);
            area.accesses++;
        } finally {
            pages.pagesLock.unlock();
        }
        pin.areas.add(area);
        pin.spans.add(span);
    }

    private static void letGo(AccessPin pin) {
        for (int i = pin.areas.size() - 1; i >= 0; i--) {
            Area area = pin.areas.get(i);
            area.pages.pagesLock.lock();
            try {
                area.accesses--;
                area.pages.release(pin.spans.get(i));
            } finally {
                area.pages.pagesLock.unlock();
            }
        }
    }

    private static void report(AccessPin pin, RunSink sink) {
        long left = pin.last - pin.start + 1;
        for (int i = 0; i < pin.areas.size(); i++) {
            PageObject pages = pin.areas.get(i).pages;
            PageSpan span = pin.spans.get(i);
            pages.pagesLock.lock();
            try {
                long page = span.start;
                PinnedRun run = pages.runAt(page);
                while (run != null && page <= span.last) {
                    long skip = (page - run.start) << pages.pageShift();
                    long upTo = Math.min(run.last, span.last);
                    long length = Math.min(left, (upTo - page + 1) << pages.pageShift());
                    sink.run(run.phys + skip, length);
                    left -= length;
                    page = upTo + 1;
                    run = pages.nextRun(run);
                }
            } finally {
                pages.pagesLock.unlock();
            }
        }
    }
}
