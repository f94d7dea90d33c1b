// SPDX-License-Identifier: Apache-2.0
package com.example.plainiommu;

import java.util.Collection;
import java.util.List;
import org.vfio4j.spi.host.IommuDomain;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.host.ReservedRegion;
import org.vfio4j.spi.iommu.DmaLimits.Range;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * An attached isolation group with its page tables.
 *
 * @param group the group
 * @param domain its page tables
 * @param usable addresses they can translate
 */
record Translation(IommuGroup group, IommuDomain domain, List<Range> usable) {
    /**
     * Gives a group page tables that hold all mappings. Whatever fails, the group is as before.
     *
     * @throws VfioException EPERM when its interrupts are not isolated, EINVAL when a mapping is not usable for it, or what
     *     the hardware says
     */
    static Translation of(IommuGroup group, Collection<Mapping> mappings) {
        if (!group.isolatedMsi()) {
            throw refused(Errno.EPERM, group, "its interrupts are not isolated");
        }
        var domain = group.allocateDomain(false); // EOPNOTSUPP where there are only TCE tables
        try {
            var reserved = group.reservedRegions();
            var usable = UsableRanges.of(domain, reserved);
            for (var mapping : mappings) {
                if (!UsableRanges.contain(usable, mapping.iova, mapping.last())) {
                    throw refused(
                            Errno.EINVAL,
                            group,
                            "the mapping at 0x" + Long.toHexString(mapping.iova) + " is not in " + usable);
                }
            }
            reserveMsiWindow(domain, reserved);
            for (var mapping : mappings) {
                mapping.enter(domain);
            }
            group.attach(domain);
            return new Translation(group, domain, usable);
        } catch (RuntimeException e) {
            domain.free();
            throw e;
        }
    }

    /** Where interrupt messages are translated too, their doorbells need addresses of their own. */
    private static void reserveMsiWindow(IommuDomain domain, List<ReservedRegion> reserved) {
        for (var region : reserved) {
            if (region.type() == ReservedRegion.Type.SOFTWARE_MSI) {
                try {
                    domain.reserveMsiWindow(region.start());
                } catch (VfioException e) {
                    if (e.errno() != Errno.ENODEV) { // ENODEV: this hardware needs none
                        throw e;
                    }
                }
            }
        }
    }

    /** Blocks the group's DMA and frees the page tables. */
    void end() {
        group.detach();
        domain.free();
    }

    private static VfioException refused(Errno errno, IommuGroup group, String reason) {
        return new VfioException(errno, "attach of group " + group.id() + " refused: " + reason);
    }
}
