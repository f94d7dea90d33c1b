// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import java.util.concurrent.atomic.AtomicInteger;
import org.vfio4j.spi.iommu.IommuBackend;

/**
 * A backend instance behind a container, counted: the container's own hold and one for each call that is running. A call
 * that meets the detach of the last group therefore either completes on the live instance or finds none; the instance is
 * released when the last hold goes. Spec: core P-13, Q-10.
 */
public final class BackendInstance {
    private final String name;
    private final IommuBackend backend;
    private final AtomicInteger holds = new AtomicInteger(1);

    BackendInstance(String name, IommuBackend backend) {
        this.name = name;
        this.backend = backend;
    }

    /** Name of the backend. */
    public String name() {
        return name;
    }

    /** The instance; to be called between {@link #enter} and {@link #exit} only. */
    public IommuBackend backend() {
        return backend;
    }

    /**
     * Keeps the instance from being released until {@link #exit}.
     *
     * @return false when the container has let go of it
     */
    public boolean enter() {
        while (true) {
            int seen = holds.get();
            if (seen == 0) {
                return false;
            }
            if (holds.compareAndSet(seen, seen + 1)) {
                return true;
            }
        }
    }

    /** Ends what {@link #enter} began. */
    public void exit() {
        if (holds.decrementAndGet() == 0) {
            backend.release();
        }
    }
}
