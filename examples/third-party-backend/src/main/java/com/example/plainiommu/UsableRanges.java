// SPDX-License-Identifier: Apache-2.0
package com.example.plainiommu;

import java.util.ArrayList;
import java.util.List;
import org.vfio4j.spi.host.IommuDomain;
import org.vfio4j.spi.host.ReservedRegion;
import org.vfio4j.spi.iommu.DmaLimits.Range;

/** I/O addresses that mappings may use: the hardware's aperture without the reserved regions. Addresses are unsigned. */
final class UsableRanges {
    private UsableRanges() {}

    static List<Range> of(IommuDomain domain, List<ReservedRegion> reserved) {
        var left = List.of(new Range(domain.apertureStart(), domain.apertureEnd()));
        for (var region : reserved) {
            if (region.type() != ReservedRegion.Type.DIRECT_RELAXABLE) {
                left = without(left, region);
            }
        }
        return List.copyOf(left);
    }

    private static List<Range> without(List<Range> ranges, ReservedRegion hole) {
        var left = new ArrayList<Range>();
        for (var range : ranges) {
            if (Long.compareUnsigned(range.last(), hole.start()) < 0
                    || Long.compareUnsigned(hole.last(), range.start()) < 0) {
                left.add(range);
                continue;
            }
            if (Long.compareUnsigned(range.start(), hole.start()) < 0) {
                left.add(new Range(range.start(), hole.start() - 1));
            }
            if (Long.compareUnsigned(hole.last(), range.last()) < 0) {
                left.add(new Range(hole.last() + 1, range.last()));
            }
        }
        return left;
    }

    /** Whether a mapping lies in one usable range. */
    static boolean contain(List<Range> ranges, long first, long last) {
        return ranges.stream()
                .anyMatch(range -> Long.compareUnsigned(range.start(), first) <= 0
                        && Long.compareUnsigned(last, range.last()) <= 0);
    }
}
