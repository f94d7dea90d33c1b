// SPDX-License-Identifier: Apache-2.0
import com.example.plainiommu.PlainProvider;
import org.jspecify.annotations.NullMarked;
import org.vfio4j.spi.iommu.IommuBackendProvider;

/** An IOMMU backend with a container type of its own, {@code plain}. */
@NullMarked
module com.example.plainiommu {
    requires org.vfio4j.api;
    requires static org.jspecify;

    provides IommuBackendProvider with
            PlainProvider;
}
