// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import java.util.List;
import java.util.Optional;
import org.vfio4j.spi.iommu.BackendEnvironment;
import org.vfio4j.spi.iommu.IommuBackendProvider;
import org.vfio4j.spi.iommu.IommufdDriver;
import org.vfio4j.spi.module.KernelModule;

/**
 * Offers the iommufd backend (kernel: module {@code iommufd}). It has no container side of its own: an open iommufd stands
 * in for a container. Option: {@code allow_unsafe_interrupts} (true or false) lets groups bind whose interrupts are not
 * isolated. Spec: iommufd §1, §7.1.
 */
public final class IommufdProvider implements IommuBackendProvider {
    private static final int PRIORITY = 50;

    /** For {@link java.util.ServiceLoader}. */
    public IommufdProvider() {}

    @Override
    public String name() {
        return "iommufd";
    }

    @Override
    public Optional<KernelModule> kernelModule() {
        return Optional.of(new KernelModule(
                "iommufd",
                List.of(new KernelModule.Parameter(Context.ALLOW_UNSAFE_INTERRUPTS, KernelModule.Kind.BOOL, "N"))));
    }

    @Override
    public String description() {
        return "I/O address spaces by object id (/dev/iommu), and the shim that stands in for a type1 container";
    }

    @Override
    public int priority() {
        return PRIORITY;
    }

    @Override
    public Optional<IommufdDriver> iommufdDriver(BackendEnvironment environment) {
        return Optional.of(() -> new ContextFile(new Context(environment)));
    }
}
