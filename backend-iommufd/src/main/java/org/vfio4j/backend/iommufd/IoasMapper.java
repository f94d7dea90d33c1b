// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Lock;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Makes areas: MAP and COPY (kernel: {@code iopt_map_pages}, {@code iopt_get_pages}). The addresses are taken first, under
 * the IOVA lock; filling then runs beside other maps and unmaps; at last the areas become usable. Spec: iommufd §5.4, §5.6,
 * §12 L2, L3.
 */
final class IoasMapper {
    /** Choose the place automatically. */
    static final boolean ANYWHERE = false;

    /** Use the place given. */
    static final boolean FIXED = true;

    private final IoPageTable table;

    IoasMapper(IoPageTable table) {
        this.table = table;
    }

    /**
     * Maps pieces one behind the other, all or none.
     *
     * @param pieces areas without a place
     * @param length sum of their lengths, not 0
     * @param iova where, if fixed
     * @return where
     * @throws VfioException EINVAL, EOVERFLOW, EEXIST, ENOSPC, EPERM, EFAULT, ENOMEM
     */
    long map(Area[] pieces, long length, boolean fixed, long iova) {
        long at = reserve(pieces, length, fixed, iova);
        Lock domains = table.domainsLock.readLock();
        domains.lock();
        try {
            int filled = 0;
            try {
                for (; filled < pieces.length; filled++) {
                    AreaFiller.fill(table.tables(), pieces[filled], table.largePages(), table.errors);
                }
            } catch (RuntimeException refused) {
                while (--filled >= 0) {
                    AreaFiller.empty(table.tables(), pieces[filled], table.errors);
                }
                withdraw(pieces, pieces.length);
                throw refused;
            }
            publish(pieces);
        } finally {
            domains.unlock();
        }
        return at;
    }

    /**
     * The areas' slices that make up a range, as new pieces. Their pages are held, to be dropped by the caller.
     *
     * @throws VfioException ENOENT when finished areas do not cover the range without a hole
     */
    List<Area> slices(long iova, long length, int protection) {
        var pieces = new ArrayList<Area>();
        long last = iova + length - 1;
        Lock layout = table.iovaLock.readLock();
        layout.lock();
        try {
            long at = iova;
            Area area = table.space.areaAt(iova);
            while (area != null && area.state == Area.State.READY) {
                long skip = at - area.start;
                long end = Long.compareUnsigned(area.last, last) < 0 ? area.last : last;
                pieces.add(new Area(area.pages, area.offset + skip, end - at + 1, protection));
                if (end == last) {
                    pieces.forEach(piece -> piece.pages.hold());
                    return pieces;
                }
                at = end + 1;
                area = table.space.adjacent(area);
            }
        } finally {
            layout.unlock();
        }
        throw new VfioException(
                Errno.ENOENT, "COPY refused: " + IovaSpace.range(iova, last) + " is not mapped without a hole");
    }

    private long reserve(Area[] pieces, long length, boolean fixed, long iova) {
        IovaSpace space = table.space;
        Lock layout = table.iovaLock.writeLock();
        layout.lock();
        try {
            if ((length & (space.alignment() - 1)) != 0) {
                throw new VfioException(
                        Errno.EINVAL,
                        "MAP refused: length " + IovaSpace.hex(length) + " is not a multiple of " + space.alignment());
            }
            long at = iova;
            if (fixed) {
                space.checkFixed(iova, length);
            } else {
                at = space.choose(pieces[0].pages.sourceAddress(pieces[0].offset), length);
            }
            int placed = 0;
            try {
                long next = at;
                for (; placed < pieces.length; placed++) {
                    Area piece = pieces[placed];
                    checkPiece(piece, space.alignment());
                    piece.place(next);
                    piece.pages.hold();
                    space.areas.insert(piece);
                    next += piece.length;
                }
            } catch (VfioException refused) {
                removeFromLayout(pieces, placed);
                throw refused;
            }
            return at;
        } finally {
            layout.unlock();
        }
    }

    private static void checkPiece(Area piece, long alignment) {
        if ((piece.protection & Protection.WRITE) != 0 && !piece.pages.writable) {
            throw new VfioException(Errno.EPERM, "COPY refused: write access was not part of the original mapping");
        }
        if ((piece.pageOffset() & (alignment - 1)) != 0) {
            throw new VfioException(
                    Errno.EINVAL,
                    "MAP refused: offset " + IovaSpace.hex(piece.pageOffset()) + " in the page is not a multiple of "
                            + alignment);
        }
    }

    private void publish(Area[] pieces) {
        Lock layout = table.iovaLock.writeLock();
        layout.lock();
        try {
            for (Area piece : pieces) {
                piece.state = Area.State.READY;
            }
        } finally {
            layout.unlock();
        }
    }

    private void withdraw(Area[] pieces, int count) {
        Lock layout = table.iovaLock.writeLock();
        layout.lock();
        try {
            removeFromLayout(pieces, count);
        } finally {
            layout.unlock();
        }
    }

    private void removeFromLayout(Area[] pieces, int count) {
        for (int i = 0; i < count; i++) {
            table.space.areas.remove(pieces[i]);
            pieces[i].pages.drop();
        }
    }
}
