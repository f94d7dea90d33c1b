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
     * A tunable (kernel: module parameter) of this backend.
     *
     * @param name without the backend's name, for example {@code allow_unsafe_interrupts}
     */
    Optional<String> option(String name);
}
