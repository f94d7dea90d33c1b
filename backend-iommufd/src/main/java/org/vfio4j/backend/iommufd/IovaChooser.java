// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import java.util.List;
import org.vfio4j.spi.iommu.DmaLimits;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The automatic choice of an IOVA: the lowest place that keeps the source's alignment, so that large pages can be used.
 * Holes between areas that are too small are skipped in O(log n). Spec: iommufd §5.4, automatic IOVA.
 */
final class IovaChooser {
    private static final long CONTINUE = ReservedRanges.GapVisitor.CONTINUE;

    /** Alignment beyond this brings nothing: the size of a CPU's huge page. */
    private static final long MAX_ALIGNMENT = 2 << 20;

    private final int pageSize;

    IovaChooser(int pageSize) {
        this.pageSize = pageSize;
    }

    long choose(
            IntervalTree<Area> areas,
            ReservedRanges reserved,
            List<DmaLimits.Range> allowed,
            long alignment,
            long address,
            long length) {
        if (Long.compareUnsigned(length, Long.MAX_VALUE) >= 0) {
            throw new VfioException(
                    Errno.EOVERFLOW, "MAP refused: no iova can be chosen for " + IovaSpace.hex(length) + " bytes");
        }
        long wanted = Long.highestOneBit(length) == length ? length : Long.highestOneBit(length) << 1;
        if (address != 0 && Long.compareUnsigned(Long.lowestOneBit(address), wanted) < 0) {
            wanted = Long.lowestOneBit(address);
        }
        if (Long.compareUnsigned(wanted, MAX_ALIGNMENT) > 0) {
            wanted = MAX_ALIGNMENT;
        }
        if (Long.compareUnsigned(wanted, alignment) < 0) {
            throw new VfioException(
                    Errno.EINVAL,
                    "MAP refused: address " + IovaSpace.hex(address) + " is not aligned to " + alignment + " bytes");
        }
        var placement = new Placement(wanted, address & (pageSize - 1), length);
        long found = CONTINUE;
        if (allowed.isEmpty()) {
            found = searchZone(areas, reserved, placement, pageSize, -1L - pageSize);
        } else {
            for (int i = 0; i < allowed.size() && found == CONTINUE; i++) {
                long start = allowed.get(i).start();
                long last = allowed.get(i).last();
                while (i + 1 < allowed.size() && allowed.get(i + 1).start() == last + 1) {
                    last = allowed.get(++i).last();
                }
                start = Long.compareUnsigned(start, pageSize) < 0 ? pageSize : start;
                last = Long.compareUnsigned(last, -1L - pageSize) > 0 ? -1L - pageSize : last;
                if (Long.compareUnsigned(start, last) <= 0) {
                    found = searchZone(areas, reserved, placement, start, last);
                }
            }
        }
        if (found == CONTINUE) {
            throw new VfioException(
                    Errno.ENOSPC, "MAP refused: no free iova range holds " + IovaSpace.hex(length) + " bytes");
        }
        return found;
    }

    private static long searchZone(
            IntervalTree<Area> areas, ReservedRanges reserved, Placement placement, long zoneStart, long zoneLast) {
        long aligned = placement.gap(zoneStart, zoneLast);
        if (aligned == CONTINUE) {
            return CONTINUE;
        }
        long from = aligned;
        Area first = areas.first();
        if (first == null) {
            return reserved.firstGap(from, zoneLast, placement);
        }
        if (Long.compareUnsigned(first.start, from) > 0) {
            long found = reserved.firstGap(from, lower(first.start - 1, zoneLast), placement);
            if (found != CONTINUE) {
                return found;
            }
        }
        Area above = areas.gapBefore(from, placement.length);
        while (above != null && Long.compareUnsigned(from, zoneLast) <= 0) {
            // What is below the hole is mapped or too small, so the hole's start is the end of the area before.
            long holeStart = higher(from, areas.previousLast(above) + 1);
            if (Long.compareUnsigned(holeStart, zoneLast) > 0) {
                return CONTINUE;
            }
            long found = reserved.firstGap(holeStart, lower(above.start - 1, zoneLast), placement);
            if (found != CONTINUE) {
                return found;
            }
            from = above.start;
            above = areas.gapBefore(from, placement.length);
        }
        Area highest = areas.highest();
        if (highest == null || Long.compareUnsigned(highest.last, zoneLast) >= 0) {
            return CONTINUE;
        }
        return reserved.firstGap(higher(from, highest.last + 1), zoneLast, placement);
    }

    private static long higher(long a, long b) {
        return Long.compareUnsigned(a, b) >= 0 ? a : b;
    }

    private static long lower(long a, long b) {
        return Long.compareUnsigned(a, b) <= 0 ? a : b;
    }

    /** Tries one hole. The page offset is or-ed in after rounding, and a hole's last byte is never a start. */
    private record Placement(long alignment, long pageOffset, long length) implements ReservedRanges.GapVisitor {
        @Override
        public long gap(long start, long last) {
            long rounded = (start + alignment - 1) & -alignment;
            if (Long.compareUnsigned(rounded, start) < 0) {
                return CONTINUE;
            }
            long at = rounded | pageOffset;
            boolean fits = Long.compareUnsigned(at, last) < 0 && Long.compareUnsigned(last - at, length - 1) >= 0;
            return fits ? at : CONTINUE;
        }
    }
}
