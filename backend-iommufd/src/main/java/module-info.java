// SPDX-License-Identifier: Apache-2.0
import org.jspecify.annotations.NullMarked;

/** The iommufd IOMMU backend, with the shim that stands in for a container. */
@NullMarked
module org.vfio4j.backend.iommufd {
    requires org.vfio4j.api;
    requires org.slf4j;
    requires static org.jspecify;
}
