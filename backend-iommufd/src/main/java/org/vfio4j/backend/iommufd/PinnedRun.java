// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

/** Pinned pages of a {@link PageObject} that are adjacent in physical memory too. Bounds are page numbers. */
final class PinnedRun extends IntervalTree.Node {
    /** Physical address of the first page's first byte. */
    final long phys;

    PinnedRun(long firstPage, long lastPage, long phys) {
        start = firstPage;
        last = lastPage;
        this.phys = phys;
    }

    long pages() {
        return last - start + 1;
    }
}
