// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.model;

import java.lang.foreign.MemorySegment;

/**
 * A device's way to memory: every access is translated by the IOMMU. One thread at a time per port, as one device does
 * one access at a time; different ports are independent. A refused access moves nothing beyond the page before the fault,
 * is recorded as a {@link org.vfio4j.spi.host.DmaFault}, and never throws. No method allocates.
 */
public interface DmaPort {
    /**
     * The device reads memory.
     *
     * @param iova first byte
     * @return false when the IOMMU refused it
     */
    boolean read(long iova, MemorySegment target, long targetOffset, long length);

    /**
     * The device writes memory.
     *
     * @return false when the IOMMU refused it
     */
    boolean write(long iova, MemorySegment source, long sourceOffset, long length);
}
