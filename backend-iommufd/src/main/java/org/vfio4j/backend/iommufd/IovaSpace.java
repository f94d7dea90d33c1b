// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.iommu.DmaLimits;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The layout of one I/O address space: which addresses are mapped, reserved or preferred, and the alignment all mappings
 * keep. Knows nothing of pages or hardware. Everything here is guarded by the owner's IOVA lock. Spec: iommufd §5.2 to
 * §5.4, §6.8, §6.9.
 */
final class IovaSpace {
    /** Areas by address, disjoint. */
    final IntervalTree<Area> areas = new IntervalTree<>();

    private final ReservedRanges reserved = new ReservedRanges();

    /** Where automatic choice may go, sorted and disjoint; empty means anywhere. */
    private List<DmaLimits.Range> allowed = List.of();

    private final IovaChooser chooser;
    private long alignment = 1;

    IovaSpace(int pageSize) {
        chooser = new IovaChooser(pageSize);
    }

    /** Power of two that address, length and page offset of every area are multiples of. */
    long alignment() {
        return alignment;
    }

    /**
     * Raises or lowers the alignment.
     *
     * @throws VfioException EADDRINUSE when an area violates it
     */
    void setAlignment(long wanted) {
        if (Long.compareUnsigned(wanted, alignment) > 0) {
            for (Area area = areas.first(); area != null; area = areas.next(area)) {
                if (!area.isAligned(wanted)) {
                    throw new VfioException(
                            Errno.EADDRINUSE,
                            "the mapping at iova " + hex(area.start) + " is not aligned to " + wanted + " bytes");
                }
            }
        }
        alignment = wanted;
    }

    /**
     * Keeps mappings out of a range for an owner.
     *
     * @throws VfioException EADDRINUSE when something is mapped there or it is on the allowed list
     */
    void reserve(long start, long last, IommufdObject owner) {
        Area area = areas.firstIntersecting(start, last);
        if (area != null) {
            throw new VfioException(
                    Errno.EADDRINUSE,
                    range(start, last) + " must be kept free, but iova " + hex(area.start) + " is mapped");
        }
        for (DmaLimits.Range entry : allowed) {
            if (intersects(entry, start, last)) {
                throw new VfioException(
                        Errno.EADDRINUSE,
                        range(start, last) + " must be kept free, but " + range(entry.start(), entry.last())
                                + " is on the allowed list");
            }
        }
        reserved.add(start, last, owner);
    }

    /** Ends all reservations of an owner. */
    void unreserve(IommufdObject owner) {
        reserved.removeAllOf(owner);
    }

    /**
     * Replaces the allowed list.
     *
     * @param entries sorted and disjoint
     * @throws VfioException EADDRINUSE when an entry meets a reserved range; the old list stays
     */
    void allow(List<DmaLimits.Range> entries) {
        for (DmaLimits.Range entry : entries) {
            if (reserved.intersects(entry.start(), entry.last())) {
                throw new VfioException(
                        Errno.EADDRINUSE,
                        "ALLOW_IOVAS refused: " + range(entry.start(), entry.last()) + " meets a reserved range");
            }
        }
        allowed = List.copyOf(entries);
    }

    /** What no reserved range touches, ascending, over the whole 64-bit space. */
    List<DmaLimits.Range> usableRanges() {
        var gaps = new ArrayList<DmaLimits.Range>();
        reserved.firstGap(0, -1, (start, last) -> {
            gaps.add(new DmaLimits.Range(start, last));
            return ReservedRanges.GapVisitor.CONTINUE;
        });
        return gaps;
    }

    /**
     * Checks a place the user chose.
     *
     * @throws VfioException EINVAL, EOVERFLOW, EEXIST
     */
    void checkFixed(long iova, long length) {
        if ((iova & (alignment - 1)) != 0) {
            throw new VfioException(
                    Errno.EINVAL, "MAP refused: iova " + hex(iova) + " is not aligned to " + alignment + " bytes");
        }
        long last = iova + length - 1;
        if (Long.compareUnsigned(last, iova) < 0) {
            throw new VfioException(
                    Errno.EOVERFLOW, "MAP refused: iova " + hex(iova) + " plus length " + hex(length) + " wraps");
        }
        if (reserved.intersects(iova, last)) {
            throw new VfioException(Errno.EINVAL, "MAP refused: " + range(iova, last) + " meets a reserved range");
        }
        Area area = areas.firstIntersecting(iova, last);
        if (area != null) {
            throw new VfioException(
                    Errno.EEXIST,
                    "MAP refused: " + range(iova, last) + " meets the mapping " + range(area.start, area.last));
        }
    }

    /**
     * Chooses a place.
     *
     * @param address of the source, whose alignment is preferred
     * @throws VfioException EOVERFLOW, EINVAL, ENOSPC
     */
    long choose(long address, long length) {
        return chooser.choose(areas, reserved, allowed, alignment, address, length);
    }

    /** The area that holds an address, or null. */
    @Nullable
    Area areaAt(long iova) {
        return areas.firstIntersecting(iova, iova);
    }

    /** The area that begins where one ends, or null. */
    @Nullable
    Area adjacent(Area area) {
        Area next = areas.next(area);
        return next != null && area.last != -1 && next.start == area.last + 1 ? next : null;
    }

    static boolean intersects(DmaLimits.Range range, long start, long last) {
        return Long.compareUnsigned(range.start(), last) <= 0 && Long.compareUnsigned(range.last(), start) >= 0;
    }

    static String hex(long value) {
        return "0x" + Long.toHexString(value);
    }

    static String range(long start, long last) {
        return "[" + hex(start) + ", " + hex(last) + "]";
    }
}
