// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import java.util.Optional;
import org.vfio4j.spi.iommu.BackendEnvironment;
import org.vfio4j.spi.iommu.ContainerDriver;
import org.vfio4j.spi.iommu.IommuBackendProvider;
import org.vfio4j.spi.module.KernelModule;

/**
 * Offers the type1 backend (kernel: module {@code vfio_iommu_type1}). Its options are the kernel's module parameters:
 * {@code allow_unsafe_interrupts}, {@code disable_hugepages} (Y or N) and {@code dma_entry_limit}. Spec: type1 §1.
 */
public final class Type1Provider implements IommuBackendProvider {
    private static final int PRIORITY = 100;

    /** For {@link java.util.ServiceLoader}. */
    public Type1Provider() {}

    @Override
    public String name() {
        return "type1";
    }

    @Override
    public String description() {
        return "containers on page-table IOMMUs (type1 v1 and v2)";
    }

    @Override
    public int priority() {
        return PRIORITY;
    }

    @Override
    public Optional<KernelModule> kernelModule() {
        return Optional.of(Tunables.MODULE);
    }

    @Override
    public Optional<ContainerDriver> containerDriver(BackendEnvironment environment) {
        return Optional.of(new Type1Driver(environment));
    }
}
