// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import static org.vfio4j.backend.type1.ReferenceEntry.below;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.vfio4j.spi.host.ReservedRegion;
import org.vfio4j.spi.iommu.DmaLimits.Range;
import org.vfio4j.uapi.Errno;

/** Groups, domains and usable ranges of the {@link ReferenceModel}: sections 7, 8 and 13 of the specification. */
final class ReferenceHardware {
    /** Newest first; what is in one list shares a domain. */
    final List<List<FakeGroup>> domains = new ArrayList<>();
    /** Whether each real group pinned already, and every emulated group. */
    final Map<FakeGroup, Boolean> pinnedScope = new LinkedHashMap<>();

    final List<FakeGroup> emulated = new ArrayList<>();
    List<Range> ranges = List.of();

    boolean none() {
        return domains.isEmpty();
    }

    List<FakeGroup> groups() {
        return new ArrayList<>(pinnedScope.keySet());
    }

    long pageSizes() {
        long common = -1L;
        for (List<FakeGroup> domain : domains) {
            common &= domain.getFirst().hardware.pageSizes;
        }
        long small = common & 0xfff;
        return small == 0 ? common : (common & ~0xfffL) | 0x1000;
    }

    long smallest() {
        return Long.lowestOneBit(pageSizes());
    }

    boolean coherent() {
        return domains.stream().allMatch(domain -> domain.getFirst().hardware.coherent);
    }

    /** A5 to A8; the ranges after the attach. */
    List<Range> admit(FakeGroup group, List<ReferenceEntry> entries) {
        long start = group.hardware.apertureStart;
        long end = group.hardware.apertureEnd;
        if (!ranges.isEmpty()) {
            long first = ranges.getFirst().start();
            long last = ranges.getLast().last();
            for (ReferenceEntry entry : entries) {
                boolean inOldBelow = below(first, start) && entry.overlaps(first, start - 1);
                boolean inOldAbove = below(end, last) && entry.overlaps(end + 1, last);
                refuseIf(inOldBelow || inOldAbove, Errno.EINVAL);
            }
            refuseIf(below(last, start) || below(end, first), Errno.EINVAL);
        }
        for (ReservedRegion region : group.reserved) {
            for (ReferenceEntry entry : entries) {
                refuseIf(avoids(region) && entry.overlaps(region.start(), region.last()), Errno.EINVAL);
            }
        }
        List<Range> cut = new ArrayList<>();
        for (Range range : ranges.isEmpty() ? List.of(new Range(0, -1L)) : ranges) {
            long from = below(range.start(), start) ? start : range.start();
            long to = below(end, range.last()) ? end : range.last();
            if (!below(to, from)) {
                cut.add(new Range(from, to));
            }
        }
        List<Range> left = without(cut, List.of(group));
        refuseIf(left.isEmpty(), Errno.EINVAL);
        refuseIf(!group.isolatedMsi, Errno.EPERM);
        return left;
    }

    /** A10: the domain that takes the group, if any. */
    List<FakeGroup> mergeable(FakeGroup group) {
        for (List<FakeGroup> domain : domains) {
            FakeDomain.FakeHardware there = domain.getFirst().hardware;
            if (there.driver.equals(group.hardware.driver) && there.coherent == group.hardware.coherent) {
                return domain;
            }
        }
        return List.of();
    }

    /** D2 (c) and D3; the group has left, and its domain if it was alone there. */
    void refresh(boolean domainGone) {
        if (ranges.isEmpty()) {
            return;
        }
        long first = ranges.getFirst().start();
        long last = ranges.getLast().last();
        if (domainGone) {
            first = 0;
            last = -1L;
            for (List<FakeGroup> domain : domains) {
                FakeDomain.FakeHardware hardware = domain.getFirst().hardware;
                first = below(first, hardware.apertureStart) ? hardware.apertureStart : first;
                last = below(hardware.apertureEnd, last) ? hardware.apertureEnd : last;
            }
        }
        List<FakeGroup> real = new ArrayList<>();
        domains.forEach(real::addAll);
        List<Range> rebuilt = without(List.of(new Range(first, last)), real);
        if (!rebuilt.isEmpty()) {
            ranges = rebuilt;
        }
    }

    private static boolean avoids(ReservedRegion region) {
        return region.type() != ReservedRegion.Type.DIRECT_RELAXABLE;
    }

    private static List<Range> without(List<Range> from, List<FakeGroup> groups) {
        List<Range> left = from;
        for (FakeGroup group : groups) {
            for (ReservedRegion region : group.reserved) {
                if (!avoids(region)) {
                    continue;
                }
                List<Range> next = new ArrayList<>();
                for (Range range : left) {
                    if (below(range.last(), region.start()) || below(region.last(), range.start())) {
                        next.add(range);
                        continue;
                    }
                    if (below(range.start(), region.start())) {
                        next.add(new Range(range.start(), region.start() - 1));
                    }
                    if (below(region.last(), range.last())) {
                        next.add(new Range(region.last() + 1, range.last()));
                    }
                }
                left = next;
            }
        }
        return left;
    }

    static void refuseIf(boolean condition, Errno errno) {
        if (condition) {
            throw new ReferenceRefusal(errno);
        }
    }
}
