// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.vfio4j.spi.iommu.ContainerDriver;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The backends that can stand behind containers, in the order in which they are asked (kernel: {@code vfio.iommu_drivers_list},
 * newest first). Spec: core CT-1, CT-2, CT-8.
 */
public final class ContainerBackends {
    /** Guards {@link #entries}; held while a backend is chosen and its groups are attached. Taken after a container's lock. */
    private final ReentrantLock lock = new ReentrantLock();

    private final List<Entry> entries = new ArrayList<>();

    /**
     * A backend's container side.
     *
     * @param name the backend's name
     * @param driver its container side
     * @param noIommu whether it is the one for groups without IOMMU, and for no others (CT-4)
     */
    public record Entry(String name, ContainerDriver driver, boolean noIommu) {}

    /** No backends yet. */
    public ContainerBackends() {}

    /**
     * Adds a backend, asked after those already there.
     *
     * @throws VfioException EINVAL when it is there already
     */
    public void register(Entry entry) {
        lock.lock();
        try {
            if (entries.stream().anyMatch(present -> present.driver().equals(entry.driver()))) {
                throw new VfioException(
                        Errno.EINVAL, "CT-8", "the IOMMU backend " + entry.name() + " is registered already");
            }
            entries.add(entry);
        } finally {
            lock.unlock();
        }
    }

    /** Adds the core's own backend, for groups without IOMMU. */
    public void registerNoIommu(CoreSettings settings) {
        register(new Entry("noiommu", new NoIommuDriver(settings), true));
    }

    /** The backends in asking order. */
    public List<Entry> entries() {
        lock.lock();
        try {
            return List.copyOf(entries);
        } finally {
            lock.unlock();
        }
    }

    /** Held around the choice of a backend. */
    ReentrantLock lock() {
        return lock;
    }
}
