// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.vfio4j.DmaSpace;
import org.vfio4j.Iommufd;
import org.vfio4j.spi.iommu.IommufdContext;
import org.vfio4j.spi.iommu.IommufdFile;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioIoctl;

/** An iommufd the program has open. */
final class IommufdHandle implements Iommufd {
    private final IommufdFile file;
    private final String backend;
    private final ProgramCaller caller;
    private final Handles handles;
    private final int pageSize;
    private final Map<Integer, IoasSpace> spaces = new ConcurrentHashMap<>();
    private final AtomicBoolean closed = new AtomicBoolean();

    IommufdHandle(IommufdFile file, String backend, ProgramCaller caller, Handles handles, int pageSize) {
        this.file = file;
        this.backend = backend;
        this.caller = caller;
        this.handles = handles;
        this.pageSize = pageSize;
    }

    /** The context, for BIND and SET_CONTAINER. */
    IommufdContext context() {
        if (closed.get()) {
            throw new VfioException(Errno.EBADF, "the iommufd's file is closed");
        }
        return file.context();
    }

    /** The context with a reference that the caller gives back. */
    IommufdContext retained() {
        var context = context();
        context.retain();
        return context;
    }

    @Override
    public DmaSpace newIoas() {
        return space(context().allocateIoas());
    }

    @Override
    public DmaSpace compatIoas() {
        return space(context().compatIoas());
    }

    private IoasSpace space(int id) {
        return spaces.computeIfAbsent(id, key -> new IoasSpace(context(), key, backend, caller, pageSize));
    }

    /** SET_IOMMU on the iommufd in the container's role. */
    void setIommu(int type) {
        context();
        file.ioctl(caller, VfioIoctl.VFIO_SET_IOMMU, type);
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // A context is its identity.
    public int id(DmaSpace ioas) {
        if (ioas instanceof IoasSpace space && space.context() == file.context()) {
            return space.id();
        }
        throw new IllegalArgumentException("this DMA space is no I/O address space of this iommufd");
    }

    @Override
    public void destroy(int id) {
        context().destroy(id);
        spaces.remove(id);
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            handles.forget(this);
            file.close();
        }
    }
}
