// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import java.util.Arrays;

/**
 * Parts of an I/O address space that mappings must avoid, each tagged with whom it is avoided for (kernel: {@code
 * reserved_itree}). Ranges may overlap. There are few, so this is a sorted array. Guarded by the IOVA lock.
 * Spec: iommufd §6.9.
 */
final class ReservedRanges {
    private record Range(long start, long last, IommufdObject owner) {}

    private Range[] ranges = {};

    /** Adds a range, both bounds inclusive. */
    void add(long start, long last, IommufdObject owner) {
        int at = 0;
        while (at < ranges.length && Long.compareUnsigned(ranges[at].start, start) <= 0) {
            at++;
        }
        Range[] longer = new Range[ranges.length + 1];
        System.arraycopy(ranges, 0, longer, 0, at);
        longer[at] = new Range(start, last, owner);
        System.arraycopy(ranges, at, longer, at + 1, ranges.length - at);
        ranges = longer;
    }

    @SuppressWarnings("ReferenceEquality") // an owner is the very object
    void removeAllOf(IommufdObject owner) {
        ranges = Arrays.stream(ranges).filter(range -> range.owner != owner).toArray(Range[]::new);
    }

    boolean intersects(long start, long last) {
        for (Range range : ranges) {
            if (Long.compareUnsigned(range.start, last) > 0) {
                return false;
            }
            if (Long.compareUnsigned(range.last, start) >= 0) {
                return true;
            }
        }
        return false;
    }

    /**
     * Visits the parts of [start, last] that no range touches, ascending.
     *
     * @return what the visitor accepted, {@link GapVisitor#CONTINUE} when it accepted nothing
     */
    long firstGap(long start, long last, GapVisitor visitor) {
        long at = start;
        for (Range range : ranges) {
            if (Long.compareUnsigned(range.last, at) < 0) {
                continue;
            }
            if (Long.compareUnsigned(range.start, last) > 0) {
                break;
            }
            if (Long.compareUnsigned(range.start, at) > 0) {
                long found = visitor.gap(at, range.start - 1);
                if (found != GapVisitor.CONTINUE) {
                    return found;
                }
            }
            if (Long.compareUnsigned(range.last, last) >= 0) {
                return GapVisitor.CONTINUE;
            }
            at = range.last + 1;
        }
        return visitor.gap(at, last);
    }

    /** Looks at one gap; a result ends the visit. */
    @FunctionalInterface
    interface GapVisitor {
        /** The answer that asks for the next gap; no visitor accepts the last address of all. */
        long CONTINUE = -1;

        long gap(long start, long last);
    }
}
