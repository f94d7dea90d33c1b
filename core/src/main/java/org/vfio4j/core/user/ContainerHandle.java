// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.Container;
import org.vfio4j.DmaSpace;
import org.vfio4j.core.vfio.BackendInstance;
import org.vfio4j.core.vfio.VfioContainer;
import org.vfio4j.spi.iommu.TceOperations;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** A container the program has open. */
final class ContainerHandle implements Container {
    private final VfioContainer container;
    private final ProgramCaller caller;
    private final Handles handles;
    private final int pageSize;

    /** Guards {@link #space}; a leaf. */
    private final ReentrantLock spaceLock = new ReentrantLock();

    /** The space of the backend instance there was last. */
    private @Nullable ContainerSpace space;

    private volatile boolean closed;

    ContainerHandle(VfioContainer container, ProgramCaller caller, Handles handles, int pageSize) {
        this.container = container;
        this.caller = caller;
        this.handles = handles;
        this.pageSize = pageSize;
    }

    /** The container, for SET_CONTAINER. */
    VfioContainer container() {
        requireOpen();
        return container;
    }

    @Override
    public int checkExtension(int extension) {
        requireOpen();
        return container.checkExtension(extension);
    }

    @Override
    public void setIommu(int type) {
        requireOpen();
        container.setIommu(caller, type);
    }

    @Override
    public DmaSpace dma() {
        var instance = instance();
        spaceLock.lock();
        try {
            var known = space;
            if (known == null || known.instance() != instance) {
                known = new ContainerSpace(instance, caller, pageSize);
                space = known;
            }
            return known;
        } finally {
            spaceLock.unlock();
        }
    }

    private BackendInstance instance() {
        return container
                .instance()
                .orElseThrow(
                        () -> new VfioException(Errno.EINVAL, "the container has no IOMMU backend yet (SET_IOMMU)"));
    }

    @Override
    public Optional<TceOperations> tce() {
        return container.instance().flatMap(instance -> instance.backend().tce());
    }

    private void requireOpen() {
        if (closed) {
            throw new VfioException(Errno.EBADF, "the container's file is closed");
        }
    }

    @Override
    public void close() {
        closed = true;
        handles.forget(this);
    }
}
