// SPDX-License-Identifier: Apache-2.0
import org.jspecify.annotations.NullMarked;

/** The SPAPR TCE IOMMU backend. */
@NullMarked
module org.vfio4j.backend.spapr {
    requires org.vfio4j.api;
    requires org.slf4j;
    requires static org.jspecify;
}
