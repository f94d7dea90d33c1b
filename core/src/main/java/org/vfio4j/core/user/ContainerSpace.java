// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import java.util.function.Function;
import org.vfio4j.DmaBuffer;
import org.vfio4j.core.vfio.BackendInstance;
import org.vfio4j.spi.iommu.DmaLimits;
import org.vfio4j.spi.iommu.IommuBackend;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** The DMA space of a container with one backend instance; it ends with the instance. */
final class ContainerSpace extends AllocatingSpace {
    private final BackendInstance instance;
    private final ProgramCaller caller;
    private final RegisteredMemory registered;
    private final ExactMappings exact = new ExactMappings();

    ContainerSpace(BackendInstance instance, ProgramCaller caller, int pageSize) {
        super(pageSize);
        this.instance = instance;
        this.caller = caller;
        this.registered = new RegisteredMemory(caller, pageSize);
    }

    /** The instance behind it. */
    BackendInstance instance() {
        return instance;
    }

    @Override
    public String backend() {
        return instance.name();
    }

    @Override
    public DmaLimits limits() {
        return with(IommuBackend::limits);
    }

    @Override
    boolean alive() {
        if (!instance.enter()) {
            return false;
        }
        instance.exit();
        return true;
    }

    @Override
    void mapIn(long iova, long vaddr, long length, int protection, DmaBuffer buffer) {
        with(backend -> {
            boolean exchanges = backend.tce().isPresent();
            if (exchanges) {
                exact.claim(iova, length, buffer.address());
            }
            try {
                registerAndMap(backend, iova, vaddr, length, protection, buffer);
            } catch (RuntimeException e) {
                if (exchanges) {
                    exact.drop(iova);
                }
                throw e;
            }
            return length;
        });
    }

    private void registerAndMap(
            IommuBackend backend, long iova, long vaddr, long length, int protection, DmaBuffer buffer) {
        registered.register(backend, buffer);
        try {
            backend.mapDma(caller, protection, vaddr, iova, length);
        } catch (RuntimeException e) {
            registered.unregister(backend, buffer.address());
            throw e;
        }
    }

    @Override
    long unmapIn(long iova, long length) {
        return with(backend -> {
            if (backend.tce().isEmpty()) {
                return backend.unmapDma(caller, 0, iova, length);
            }
            exact.requireExact(iova, length);
            long removed = backend.unmapDma(caller, 0, iova, length);
            long buffer = exact.drop(iova);
            // Of two that unmap the same at once, one gives its registration back.
            if (buffer != SortedRanges.NONE) {
                registered.unregister(backend, buffer);
            }
            return removed;
        });
    }

    private <T> T with(Function<IommuBackend, T> call) {
        if (!instance.enter()) {
            throw new VfioException(
                    Errno.EINVAL, "the container's backend is gone: its last group left and took all mappings along");
        }
        try {
            return call.apply(instance.backend());
        } finally {
            instance.exit();
        }
    }
}
