// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.iommu;

import java.util.Optional;
import org.vfio4j.spi.memory.LockedMemory;
import org.vfio4j.spi.memory.PhysicalMemory;

/** What a backend may use. Thread-safe. */
public interface BackendEnvironment {
    /** Pinned memory. */
    PhysicalMemory memory();

    /** Per-user counter of locked pages (kernel: {@code user->locked_vm}). */
    LockedMemory userLockedMemory(int uid);

    /**
     * A tunable (kernel: module parameter) of this backend, if the user chose or changed it. If its {@linkplain
     * org.vfio4j.spi.module.KernelModule module} declares its parameters, others are refused before the backend starts, and a value is as {@link
     * org.vfio4j.spi.module.KernelModule.Parameter#canonical} writes it.
     *
     * @param name without the backend's name, for example {@code allow_unsafe_interrupts}
     */
    Optional<String> option(String name);
}
