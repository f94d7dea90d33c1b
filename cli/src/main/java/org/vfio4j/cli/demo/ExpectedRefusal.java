// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.cli.demo;

import java.util.Optional;
import java.util.Set;
import org.vfio4j.DeviceView;
import org.vfio4j.GroupView;
import org.vfio4j.OpenPath;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioExtension;

/**
 * What VFIO forbids, and what it answers.
 *
 * @param errnos the answers that are right
 * @param rule why, in one clause
 */
public record ExpectedRefusal(Set<Errno> errnos, String rule) {
    private static final Set<Integer> TCE_TYPES =
            Set.of(VfioExtension.VFIO_SPAPR_TCE_IOMMU, VfioExtension.VFIO_SPAPR_TCE_v2_IOMMU);

    /**
     * The refusal that VFIO's rules demand for a device on a path; empty when it must open. Backends whose container types
     * are not the kernel's own are held to the rules of paging backends.
     *
     * @param containerType type for the group path, 0 on the others
     */
    static Optional<ExpectedRefusal> of(DeviceView device, GroupView group, OpenPath path, int containerType) {
        var tceBackend = path == OpenPath.GROUP && TCE_TYPES.contains(containerType);
        if (device.emulated()) {
            return tceBackend
                    ? because("a TCE container takes no device without DMA of its own", Errno.EINVAL)
                    : Optional.empty();
        }
        if (!group.viable() && group.owner().isPresent()) {
            return because("a native driver owns DMA of the group", Errno.EPERM);
        }
        var tceHardware = group.translation().equals("tce");
        if (tceBackend && !tceHardware) {
            return because("the group has no TCE tables", Errno.ENODEV);
        }
        if (!tceBackend && tceHardware) {
            return because("the group's IOMMU has TCE tables, no paging domains", Errno.EOPNOTSUPP);
        }
        return Optional.empty();
    }

    private static Optional<ExpectedRefusal> because(String rule, Errno... errnos) {
        return Optional.of(new ExpectedRefusal(Set.of(errnos), rule));
    }
}
