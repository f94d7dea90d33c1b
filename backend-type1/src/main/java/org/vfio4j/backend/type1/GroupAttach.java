// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import static org.vfio4j.backend.type1.Refusal.hex;
import static org.vfio4j.backend.type1.Refusal.range;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.spi.host.IommuDomain;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.host.ReservedRegion;
import org.vfio4j.spi.iommu.GroupKind;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Attaching a group (kernel: {@code vfio_iommu_type1_attach_group}): either everything is done or the group is back in
 * blocked DMA and the instance as before. Used under the instance lock. The numbers A1 to A14 are the specification's.
 * Spec: type1 §8, §13.
 */
final class GroupAttach {
    private static final Logger LOG = LoggerFactory.getLogger(GroupAttach.class);

    private final InstanceState state;
    private final Mappings mappings;
    private final Tunables tunables;

    GroupAttach(InstanceState state, Mappings mappings, Tunables tunables) {
        this.state = state;
        this.mappings = mappings;
        this.tunables = tunables;
    }

    void attach(IommuGroup group, GroupKind kind) {
        if (state.invalidVaddrs > 0) { // A1
            throw refuse(Errno.EBUSY, group, state.invalidVaddrs + " mappings have no valid vaddr");
        }
        if (state.find(group) != null) { // A2
            throw refuse(Errno.EINVAL, group, "it is attached already");
        }
        switch (kind) {
            case EMULATED -> state.emulated.add(new AttachedGroup(group, true));
            case IOMMU -> attachReal(group);
            case NOIOMMU -> throw refuse(Errno.EINVAL, group, "it has no IOMMU");
        }
    }

    private void attachReal(IommuGroup group) {
        IommuDomain fresh = group.allocateDomain(false); // A3
        boolean done = false;
        try {
            group.attach(fresh); // A4
            List<ReservedRegion> reserved = group.reservedRegions();
            IovaRanges ranges = checkAddresses(group, fresh, reserved); // A5-A7
            if (!group.isolatedMsi() && !tunables.allowUnsafeInterrupts()) { // A8
                throw refuse(
                        Errno.EPERM, group, "its interrupts are not isolated; allow_unsafe_interrupts accepts that");
            }
            boolean coherent = fresh.enforceCacheCoherency(); // A9
            AttachedDomain home = merge(group, fresh, coherent); // A10
            if (home == null) {
                home = list(group, fresh, coherent, reserved); // A11-A13
            } else {
                fresh.free();
            }
            home.groups().add(new AttachedGroup(group, false));
            state.ranges = ranges; // A14
            state.nonPinnedScopes++;
            done = true;
        } finally {
            if (!done) {
                group.detach();
                fresh.free();
            }
        }
    }

    private IovaRanges checkAddresses(IommuGroup group, IommuDomain fresh, List<ReservedRegion> reserved) {
        long start = fresh.apertureStart();
        long last = fresh.apertureEnd();
        DmaEntry outside = apertureConflict(start, last);
        if (outside != null) {
            throw refuse(
                    Errno.EINVAL,
                    group,
                    "the mapping " + range(outside.iova, outside.last) + " is outside its aperture "
                            + range(start, last));
        }
        if (!state.ranges.isEmpty() && isDisjoint(start, last)) {
            throw refuse(
                    Errno.EINVAL, group, "its aperture " + range(start, last) + " has no address that others can use");
        }
        for (ReservedRegion region : reserved) {
            if (IovaRanges.excludes(region)) {
                DmaEntry inside = state.entries.firstOverlapping(region.start(), region.last());
                if (inside != null) {
                    throw refuse(
                            Errno.EINVAL,
                            group,
                            "the mapping " + range(inside.iova, inside.last) + " overlaps its reserved region "
                                    + range(region.start(), region.last()));
                }
            }
        }
        IovaRanges ranges = state.ranges.clippedTo(start, last).without(reserved);
        if (ranges.isEmpty()) {
            throw refuse(Errno.EINVAL, group, "its reserved regions leave no usable address");
        }
        return ranges;
    }

    private boolean isDisjoint(long start, long last) {
        return Long.compareUnsigned(start, state.ranges.last()) > 0
                || Long.compareUnsigned(last, state.ranges.first()) < 0;
    }

    /** An entry in a part of the usable addresses that the new aperture does not have. */
    private @Nullable DmaEntry apertureConflict(long start, long last) {
        if (state.ranges.isEmpty() || isDisjoint(start, last)) {
            return null;
        }
        DmaEntry found = null;
        if (Long.compareUnsigned(start, state.ranges.first()) > 0) {
            found = state.entries.firstOverlapping(state.ranges.first(), start - 1);
        }
        if (found == null && Long.compareUnsigned(last, state.ranges.last()) < 0) {
            found = state.entries.firstOverlapping(last + 1, state.ranges.last());
        }
        return found;
    }

    /** Moves the group into a domain that is there already, if one fits and takes it. */
    private @Nullable AttachedDomain merge(IommuGroup group, IommuDomain fresh, boolean coherent) {
        for (AttachedDomain domain : state.domains.newestFirst()) {
            if (domain.coherent() != coherent
                    || !domain.hardware().driverIdentity().equals(fresh.driverIdentity())) {
                continue;
            }
            group.detach();
            try {
                group.attach(domain.hardware());
                return domain;
            } catch (VfioException e) {
                LOG.debug("group {} gets a domain of its own: {}", group.id(), e.getMessage());
                group.attach(fresh);
            }
        }
        return null;
    }

    private AttachedDomain list(IommuGroup group, IommuDomain fresh, boolean coherent, List<ReservedRegion> reserved) {
        long common = state.domains.pageSizesWith(fresh.pageSizes());
        if (common == 0) {
            throw refuse(
                    Errno.EINVAL,
                    group,
                    "its page sizes " + hex(fresh.pageSizes()) + " have none in common with "
                            + hex(state.domains.pageSizes()));
        }
        long smallest = Long.lowestOneBit(common);
        if (state.tracking && smallest != state.domains.smallestPage()) {
            throw refuse(
                    Errno.EINVAL,
                    group,
                    "dirty tracking counts in pages of " + hex(state.domains.smallestPage())
                            + " and would have to change to " + hex(smallest));
        }
        mappings.replay(fresh); // A11
        boolean done = false;
        try {
            reserveMsiWindow(fresh, reserved); // A12
            done = true;
        } finally {
            if (!done) {
                mappings.undoReplay(fresh, null);
            }
        }
        AttachedDomain domain = new AttachedDomain(fresh, coherent);
        state.domains.addNewest(domain); // A13
        return domain;
    }

    /** A window of the hardware's own comes first: then nothing is reserved. */
    private static void reserveMsiWindow(IommuDomain fresh, List<ReservedRegion> reserved) {
        ReservedRegion window = null;
        for (ReservedRegion region : reserved) {
            if (region.type() == ReservedRegion.Type.MSI) {
                return;
            }
            if (region.type() == ReservedRegion.Type.SOFTWARE_MSI) {
                window = region;
            }
        }
        if (window != null) {
            try {
                fresh.reserveMsiWindow(window.start());
            } catch (VfioException e) {
                if (e.errno() != Errno.ENODEV) {
                    throw e;
                }
                LOG.debug("no interrupt window needed: {}", e.getMessage());
            }
        }
    }

    private static VfioException refuse(Errno errno, IommuGroup group, String reason) {
        return Refusal.of(errno, "attach of group " + group.id(), reason);
    }
}
