// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import java.util.List;
import java.util.Optional;
import org.vfio4j.spi.iommu.BackendEnvironment;
import org.vfio4j.spi.iommu.ContainerDriver;
import org.vfio4j.spi.iommu.IommuBackendProvider;
import org.vfio4j.spi.module.KernelModule;

/** Offers the SPAPR TCE backend (kernel: module {@code vfio_iommu_spapr_tce}). It has no options. Spec: spapr §2. */
public final class SpaprProvider implements IommuBackendProvider {
    private static final int PRIORITY = 80;

    /** For {@link java.util.ServiceLoader}. */
    public SpaprProvider() {}

    @Override
    public String name() {
        return "spapr";
    }

    @Override
    public Optional<KernelModule> kernelModule() {
        return Optional.of(new KernelModule("vfio_iommu_spapr_tce", List.of()));
    }

    @Override
    public String description() {
        return "containers on IOMMUs with TCE tables (SPAPR v1 and v2)";
    }

    @Override
    public int priority() {
        return PRIORITY;
    }

    @Override
    public Optional<ContainerDriver> containerDriver(BackendEnvironment environment) {
        return Optional.of(new SpaprDriver(environment.memory()));
    }
}
