// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.host.IommuDomain;
import org.vfio4j.spi.host.IommuGroup;

/**
 * A hardware domain with the groups that share it (kernel: {@code struct vfio_domain}). Guarded by the instance lock.
 *
 * @param hardware the tables
 * @param coherent whether the domain answered that it enforces cache coherency, asked once when it was fresh
 * @param groups never empty while the domain is listed
 */
record AttachedDomain(IommuDomain hardware, boolean coherent, List<AttachedGroup> groups) {
    AttachedDomain(IommuDomain hardware, boolean coherent) {
        this(hardware, coherent, new ArrayList<>());
    }

    @Nullable
    AttachedGroup find(IommuGroup group) {
        for (AttachedGroup attached : groups) {
            if (attached.group().equals(group)) {
                return attached;
            }
        }
        return null;
    }
}
