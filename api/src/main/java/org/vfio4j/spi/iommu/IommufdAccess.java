// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.iommu;

import java.lang.foreign.MemorySegment;
import org.vfio4j.spi.memory.RunSink;

/** CPU access of a device without DMA of its own to an IOAS (kernel: {@code struct iommufd_access}). Spec: iommufd §6.7. */
public interface IommufdAccess {
    /** Object id, greater than 0. */
    int id();

    /** The context it belongs to. */
    IommufdContext context();

    /**
     * Attaches to an IOAS, or replaces the attachment.
     *
     * @return the same id
     * @throws org.vfio4j.uapi.VfioException ENOENT when it is no IOAS, EADDRINUSE, EBUSY
     */
    int attach(int ioas);

    /** Detaches after asking the client to unpin everything; no effect when not attached. */
    void detach();

    /** Whether it is attached. */
    boolean attached();

    /**
     * Pins a range, all or nothing.
     *
     * @param sink gets the physical runs in order
     * @throws org.vfio4j.uapi.VfioException ENOENT, EINVAL, EOVERFLOW, EPERM, EFAULT, ENOMEM
     */
    void pin(long iova, long length, boolean write, RunSink sink);

    /** Takes back a pin of the same range. */
    void unpin(long iova, long length);

    /**
     * Copies between the buffer and user memory.
     *
     * @param write true to write user memory
     * @throws org.vfio4j.uapi.VfioException ENOENT, EINVAL, EPERM, EFAULT
     */
    void rw(long iova, MemorySegment buffer, boolean write);

    /** Detaches, waits for running callbacks, and removes the object. */
    void destroy();
}
