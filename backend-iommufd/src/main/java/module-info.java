// SPDX-License-Identifier: Apache-2.0
import org.jspecify.annotations.NullMarked;
import org.vfio4j.backend.iommufd.IommufdProvider;
import org.vfio4j.spi.iommu.IommuBackendProvider;

/** The iommufd IOMMU backend, with the shim that stands in for a container. */
@NullMarked
module org.vfio4j.backend.iommufd {
    requires org.vfio4j.api;
    requires org.slf4j;
    requires static org.jspecify;

    provides IommuBackendProvider with
            IommufdProvider;
}
