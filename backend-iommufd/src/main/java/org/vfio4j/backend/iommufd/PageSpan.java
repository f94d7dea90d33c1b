// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

/**
 * A reason for pages of a {@link PageObject} to be pinned: an area that fills hardware page tables, or one pin of an
 * access. Bounds are page numbers within the page object. Spec: iommufd §6.4.
 */
final class PageSpan extends IntervalTree.Node {
    PageSpan(long firstPage, long lastPage) {
        start = firstPage;
        last = lastPage;
    }
}
