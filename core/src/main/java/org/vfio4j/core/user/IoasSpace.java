// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import org.vfio4j.DmaBuffer;
import org.vfio4j.spi.iommu.DmaLimits;
import org.vfio4j.spi.iommu.IommufdContext;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.IommufdIoas;
import org.vfio4j.uapi.VfioException;

/** The DMA space of an IOAS. */
final class IoasSpace extends AllocatingSpace {
    private final IommufdContext context;
    private final int id;
    private final String backend;
    private final ProgramCaller caller;

    IoasSpace(IommufdContext context, int id, String backend, ProgramCaller caller, int pageSize) {
        super(pageSize);
        this.context = context;
        this.id = id;
        this.backend = backend;
        this.caller = caller;
    }

    /** The context it belongs to. */
    IommufdContext context() {
        return context;
    }

    /** Its object id. */
    int id() {
        return id;
    }

    @Override
    public String backend() {
        return backend;
    }

    @Override
    public DmaLimits limits() {
        return context.limits(id);
    }

    /** An IOAS goes with its context, or is destroyed; its id is unknown then. */
    @Override
    boolean alive() {
        try {
            context.limits(id);
            return true;
        } catch (VfioException e) {
            if (e.errno() == Errno.ENOENT) {
                return false;
            }
            throw e;
        }
    }

    @Override
    void mapIn(long iova, long vaddr, long length, int protection, DmaBuffer buffer) {
        int flags = IommufdIoas.IOMMU_IOAS_MAP_FIXED_IOVA;
        if ((protection & Protection.READ) != 0) {
            flags |= IommufdIoas.IOMMU_IOAS_MAP_READABLE;
        }
        if ((protection & Protection.WRITE) != 0) {
            flags |= IommufdIoas.IOMMU_IOAS_MAP_WRITEABLE;
        }
        context.map(caller, id, flags, vaddr, length, iova);
    }

    @Override
    long unmapIn(long iova, long length) {
        return context.unmap(id, iova, length);
    }
}
