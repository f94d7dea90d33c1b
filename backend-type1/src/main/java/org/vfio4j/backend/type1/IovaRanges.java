// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import java.util.ArrayList;
import java.util.List;
import org.vfio4j.spi.host.ReservedRegion;
import org.vfio4j.spi.iommu.DmaLimits;

/**
 * The usable parts of the I/O address space, sorted, with inclusive unsigned ends (kernel: {@code vfio_iommu.iova_list}).
 * Immutable: an attach computes the next list and installs it only when everything else worked. Empty means that nothing
 * is known to be excluded. Spec: type1 §8.
 */
record IovaRanges(List<DmaLimits.Range> ranges) {
    static final IovaRanges EMPTY = new IovaRanges(List.of());

    IovaRanges {
        ranges = List.copyOf(ranges);
    }

    static IovaRanges of(long start, long last) {
        return new IovaRanges(List.of(new DmaLimits.Range(start, last)));
    }

    boolean isEmpty() {
        return ranges.isEmpty();
    }

    /** Lowest usable address; the list is not empty. */
    long first() {
        return ranges.getFirst().start();
    }

    /** Highest usable address; the list is not empty. */
    long last() {
        return ranges.getLast().last();
    }

    /** Whether a range lies wholly inside one usable range; an empty list accepts all. */
    boolean accept(long start, long last) {
        int count = ranges.size();
        for (int i = 0; i < count; i++) {
            DmaLimits.Range range = ranges.get(i);
            if (Long.compareUnsigned(range.start(), start) <= 0 && Long.compareUnsigned(last, range.last()) <= 0) {
                return true;
            }
        }
        return count == 0;
    }

    /** This list cut to an aperture; the aperture itself when this list is empty. */
    IovaRanges clippedTo(long start, long last) {
        if (isEmpty()) {
            return of(start, last);
        }
        List<DmaLimits.Range> clipped = new ArrayList<>();
        for (DmaLimits.Range range : ranges) {
            long from = maxUnsigned(range.start(), start);
            long to = minUnsigned(range.last(), last);
            if (Long.compareUnsigned(from, to) <= 0) {
                clipped.add(new DmaLimits.Range(from, to));
            }
        }
        return new IovaRanges(clipped);
    }

    /** This list without the regions that mappings must avoid. */
    IovaRanges without(List<ReservedRegion> regions) {
        List<DmaLimits.Range> left = ranges;
        for (ReservedRegion region : regions) {
            if (excludes(region)) {
                left = without(left, region);
            }
        }
        return new IovaRanges(left);
    }

    /** Whether mappings must avoid a region: all types but the one that may be given up. */
    static boolean excludes(ReservedRegion region) {
        return region.type() != ReservedRegion.Type.DIRECT_RELAXABLE;
    }

    private static List<DmaLimits.Range> without(List<DmaLimits.Range> ranges, ReservedRegion region) {
        List<DmaLimits.Range> left = new ArrayList<>();
        for (DmaLimits.Range range : ranges) {
            if (Long.compareUnsigned(region.start(), range.last()) > 0
                    || Long.compareUnsigned(region.last(), range.start()) < 0) {
                left.add(range);
                continue;
            }
            if (Long.compareUnsigned(region.start(), range.start()) > 0) {
                left.add(new DmaLimits.Range(range.start(), region.start() - 1));
            }
            if (Long.compareUnsigned(region.last(), range.last()) < 0) {
                left.add(new DmaLimits.Range(region.last() + 1, range.last()));
            }
        }
        return left;
    }

    static long maxUnsigned(long a, long b) {
        return Long.compareUnsigned(a, b) >= 0 ? a : b;
    }

    static long minUnsigned(long a, long b) {
        return Long.compareUnsigned(a, b) <= 0 ? a : b;
    }
}
