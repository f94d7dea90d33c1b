// SPDX-License-Identifier: Apache-2.0
import org.jspecify.annotations.NullMarked;
import org.vfio4j.backend.type1.Type1Provider;
import org.vfio4j.spi.iommu.IommuBackendProvider;

/** The type1 IOMMU backend: containers on page-table IOMMUs. */
@NullMarked
@SuppressWarnings("module") // the digit belongs to the kernel's name
module org.vfio4j.backend.type1 {
    requires org.vfio4j.api;
    requires org.slf4j;
    requires static org.jspecify;

    provides IommuBackendProvider with
            Type1Provider;
}
