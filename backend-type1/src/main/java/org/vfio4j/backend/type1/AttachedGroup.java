// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import org.vfio4j.spi.host.IommuGroup;

/** A group in an instance (kernel: {@code struct vfio_iommu_group}). Guarded by the instance lock. */
final class AttachedGroup {
    private final IommuGroup group;
    /** Whether the group's devices write only pages they pinned first (kernel: {@code pinned_page_dirty_scope}). */
    private boolean pinnedScope;

    AttachedGroup(IommuGroup group, boolean pinnedScope) {
        this.group = group;
        this.pinnedScope = pinnedScope;
    }

    IommuGroup group() {
        return group;
    }

    boolean pinnedScope() {
        return pinnedScope;
    }

    /**
     * A device of the group pinned a page.
     *
     * @return whether this was the first time
     */
    boolean enterPinnedScope() {
        boolean first = !pinnedScope;
        pinnedScope = true;
        return first;
    }
}
