// SPDX-License-Identifier: Apache-2.0
import org.jspecify.annotations.NullMarked;
import org.vfio4j.backend.spapr.SpaprProvider;
import org.vfio4j.spi.iommu.IommuBackendProvider;

/** The SPAPR TCE IOMMU backend: containers on IOMMUs whose windows are tables of translation control entries. */
@NullMarked
module org.vfio4j.backend.spapr {
    requires org.vfio4j.api;
    requires org.slf4j;
    requires static org.jspecify;

    provides IommuBackendProvider with
            SpaprProvider;
}
