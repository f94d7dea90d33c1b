// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.spi.host.IommuDomain;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.host.ReservedRegion;

/**
 * Detaching groups (kernel: {@code vfio_iommu_type1_detach_group}, {@code vfio_iommu_type1_release}); cannot fail. Used
 * under the instance lock. The numbers D1 to D4 are the specification's. Spec: type1 §8.
 */
final class GroupDetach {
    private static final Logger LOG = LoggerFactory.getLogger(GroupDetach.class);

    private final InstanceState state;
    private final Mappings mappings;
    private final DirtyTracking tracking;

    GroupDetach(InstanceState state, Mappings mappings, DirtyTracking tracking) {
        this.state = state;
        this.mappings = mappings;
        this.tracking = tracking;
    }

    void detach(IommuGroup group) {
        AttachedDomain domain = state.domains.holding(group);
        if (domain != null) {
            detachReal(domain, group);
        } else if (state.emulated.removeIf(attached -> attached.group().equals(group))) { // D1
            if (state.emulated.isEmpty() && state.domains.isEmpty()) {
                mappings.removeAll();
            }
        }
    }

    /** Undoes everything, whatever is still attached. */
    void release() {
        mappings.removeAll();
        state.emulated.clear();
        for (AttachedDomain domain : new ArrayList<>(state.domains.newestFirst())) {
            domain.groups().forEach(attached -> attached.group().detach());
            domain.groups().clear();
            state.domains.remove(domain);
            domain.hardware().free();
        }
        state.ranges = IovaRanges.EMPTY;
        state.nonPinnedScopes = 0;
        state.tracking = false;
    }

    private void detachReal(AttachedDomain domain, IommuGroup group) {
        group.detach(); // D2
        AttachedGroup leaving = domain.find(group);
        domain.groups().remove(leaving);
        long start = state.ranges.isEmpty() ? 0 : state.ranges.first();
        long last = state.ranges.isEmpty() ? -1L : state.ranges.last();
        if (domain.groups().isEmpty()) {
            dispose(domain);
            start = highestApertureStart();
            last = lowestApertureEnd();
        }
        refreshRanges(start, last); // D3
        if (leaving != null && !leaving.pinnedScope()) { // D4
            state.nonPinnedScopes--;
            if (state.tracking) {
                tracking.markAll();
            }
        }
    }

    private void dispose(AttachedDomain domain) {
        if (state.domains.size() == 1) {
            if (state.emulated.isEmpty()) {
                mappings.removeAll();
            } else {
                mappings.suspendAll();
            }
        }
        long smallest = state.domains.smallestPage();
        state.domains.remove(domain);
        domain.hardware().free();
        if (smallest != state.domains.smallestPage()) {
            tracking.restart();
        }
    }

    private long highestApertureStart() {
        long start = 0;
        for (AttachedDomain domain : state.domains.newestFirst()) {
            start = IovaRanges.maxUnsigned(start, domain.hardware().apertureStart());
        }
        return start;
    }

    private long lowestApertureEnd() {
        long last = -1L;
        for (AttachedDomain domain : state.domains.newestFirst()) {
            IommuDomain hardware = domain.hardware();
            last = IovaRanges.minUnsigned(last, hardware.apertureEnd());
        }
        return last;
    }

    private void refreshRanges(long start, long last) {
        if (state.ranges.isEmpty()) {
            return;
        }
        List<ReservedRegion> reserved = new ArrayList<>();
        for (AttachedDomain domain : state.domains.newestFirst()) {
            for (AttachedGroup attached : domain.groups()) {
                reserved.addAll(attached.group().reservedRegions());
            }
        }
        IovaRanges refreshed = IovaRanges.of(start, last).without(reserved);
        if (refreshed.isEmpty()) {
            LOG.warn("no usable address would be left between {} and {}", Refusal.hex(start), Refusal.hex(last));
        } else {
            state.ranges = refreshed;
        }
    }
}
