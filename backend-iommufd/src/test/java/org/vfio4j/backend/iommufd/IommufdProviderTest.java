// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.vfio4j.spi.iommu.IommuBackendProvider;
import org.vfio4j.spi.iommu.IommufdFile;

class IommufdProviderTest {
    @Test
    void shouldBeFoundAndOfferOnlyAnIommufd() {
        IommuBackendProvider provider = ServiceLoader.load(IommuBackendProvider.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(found -> found.name().equals("iommufd"))
                .findFirst()
                .orElseThrow();
        try (Rig rig = new Rig()) {
            assertThat(provider.containerDriver(rig)).isEmpty();
            IommufdFile file = provider.iommufdDriver(rig).orElseThrow().open();
            assertThat(file.context().allocateIoas()).isEqualTo(1);
            assertThat(provider.iommufdDriver(rig).orElseThrow().open().context())
                    .as("every open is a context of its own")
                    .isNotSameAs(file.context());
            file.close();
        }
    }
}
