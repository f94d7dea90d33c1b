// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.driver;

import java.util.ArrayList;
import java.util.List;
import org.vfio4j.spi.device.DmaRange;

/** Makes fewer ranges of many (kernel: {@code vfio_combine_iova_ranges}). Spec: core HP-3. */
final class RangeCombiner {
    private RangeCombiner() {}

    static List<DmaRange> combine(List<DmaRange> ranges, int wanted) {
        if (wanted < 1) {
            throw new IllegalArgumentException(wanted + " ranges cannot hold anything");
        }
        List<DmaRange> combined = new ArrayList<>(ranges);
        while (combined.size() > wanted) {
            int at = smallestGap(combined);
            combined.set(at, span(combined.get(at), combined.remove(at + 1)));
        }
        return combined;
    }

    /** Which range is nearest to its right neighbour; the leftmost of several. */
    private static int smallestGap(List<DmaRange> ranges) {
        int nearest = 0;
        for (int i = 1; i < ranges.size() - 1; i++) {
            if (Long.compareUnsigned(gapAfter(ranges, i), gapAfter(ranges, nearest)) < 0) {
                nearest = i;
            }
        }
        return nearest;
    }

    private static long gapAfter(List<DmaRange> ranges, int i) {
        return ranges.get(i + 1).iova() - ranges.get(i).last();
    }

    private static DmaRange span(DmaRange left, DmaRange right) {
        return new DmaRange(left.iova(), right.last() - left.iova() + 1);
    }
}
