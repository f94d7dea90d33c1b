// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.ReservedRegion;

/** The union of devices' reserved regions (kernel: {@code iommu_get_group_resv_regions}). */
final class ReservedRegions {
    private static final Comparator<ReservedRegion> BY_ADDRESS =
            Comparator.comparing(ReservedRegion::start, Long::compareUnsigned).thenComparing(ReservedRegion::type);

    private ReservedRegions() {}

    /** Regions of all devices by address; regions of one type that touch or overlap are one. */
    static List<ReservedRegion> union(List<BusDevice> devices) {
        List<ReservedRegion> merged = new ArrayList<>();
        devices.stream()
                .flatMap(device -> device.reservedRegions().stream())
                .sorted(BY_ADDRESS)
                .forEach(region -> merge(merged, region));
        merged.sort(BY_ADDRESS);
        return List.copyOf(merged);
    }

    private static void merge(List<ReservedRegion> merged, ReservedRegion region) {
        for (int i = merged.size() - 1; i >= 0; i--) {
            ReservedRegion before = merged.get(i);
            if (before.type() == region.type() && reaches(before, region)) {
                long last = Long.compareUnsigned(before.last(), region.last()) > 0 ? before.last() : region.last();
                merged.set(i, new ReservedRegion(before.start(), last, before.type()));
                return;
            }
        }
        merged.add(region);
    }

    /** Whether a region that starts no earlier overlaps or follows at once. */
    private static boolean reaches(ReservedRegion before, ReservedRegion region) {
        return before.last() == -1 || Long.compareUnsigned(region.start(), before.last() + 1) <= 0;
    }
}
