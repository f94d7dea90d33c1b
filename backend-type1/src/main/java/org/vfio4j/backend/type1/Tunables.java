// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import java.util.List;
import org.vfio4j.spi.iommu.BackendEnvironment;
import org.vfio4j.spi.module.KernelModule;

/**
 * The backend's options (kernel: module parameters of {@code vfio_iommu_type1}), asked each time they matter, so that a
 * change works at once where the kernel's does.
 */
final class Tunables {
    private static final KernelModule.Parameter ALLOW_UNSAFE_INTERRUPTS =
            new KernelModule.Parameter("allow_unsafe_interrupts", KernelModule.Kind.BOOL, "N");
    private static final KernelModule.Parameter DISABLE_HUGEPAGES =
            new KernelModule.Parameter("disable_hugepages", KernelModule.Kind.BOOL, "N");
    private static final KernelModule.Parameter DMA_ENTRY_LIMIT =
            new KernelModule.Parameter("dma_entry_limit", KernelModule.Kind.UINT, "65535");

    /** The module with its parameters. */
    static final KernelModule MODULE =
            new KernelModule("vfio_iommu_type1", List.of(ALLOW_UNSAFE_INTERRUPTS, DISABLE_HUGEPAGES, DMA_ENTRY_LIMIT));

    private final BackendEnvironment environment;

    Tunables(BackendEnvironment environment) {
        this.environment = environment;
    }

    /** Whether groups without interrupt isolation are accepted; read at every attach. */
    boolean allowUnsafeInterrupts() {
        return flag(ALLOW_UNSAFE_INTERRUPTS);
    }

    /** Whether memory is handed to the IOMMU page by page; read at every pin. */
    boolean disableHugePages() {
        return flag(DISABLE_HUGEPAGES);
    }

    /** How many entries an instance may have; read when it is opened. */
    long entryLimit() {
        return Long.parseLong(environment.option(DMA_ENTRY_LIMIT.name()).orElse(DMA_ENTRY_LIMIT.initial()));
    }

    private boolean flag(KernelModule.Parameter parameter) {
        return environment.option(parameter.name()).filter("Y"::equals).isPresent();
    }
}
