// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import java.util.ArrayList;

/** One pin of an access: what has to be let go when it is given back. Bounds are I/O addresses. Spec: iommufd §6.7 A2. */
final class AccessPin extends IntervalTree.Node {
    /** The engine the pin was made in; the access may have moved on since. */
    final IoPageTable table;

    /** The areas pinned, in order. They stay while they are pinned: neither removed nor cut. */
    final ArrayList<Area> areas = new ArrayList<>(1);

    /** The pages held in each of {@link #areas}. */
    final ArrayList<PageSpan> spans = new ArrayList<>(1);

    AccessPin(IoPageTable table, long iova, long last) {
        this.table = table;
        this.start = iova;
        this.last = last;
    }
}
