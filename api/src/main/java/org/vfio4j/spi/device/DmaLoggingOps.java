// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.device;

import java.util.List;

/**
 * What a device that records its own DMA writes does (kernel: {@code struct vfio_log_ops}). The core checks only what
 * core LG-1 and LG-4 name; starting twice and the like is the driver's to refuse. Called with no core lock held.
 * Spec: core §13.
 */
public interface DmaLoggingOps {
    /**
     * Starts to record.
     *
     * @param ranges sorted by address, not overlapping, not empty
     * @param pageSize the resolution asked for in bytes
     * @return the resolution chosen
     * @throws org.vfio4j.uapi.VfioException EINVAL when it records already
     */
    long start(List<DmaRange> ranges, long pageSize);

    /** Stops; no effect when nothing is recorded. */
    void stop();

    /**
     * Reports the writes since they were last reported, and forgets them.
     *
     * @param iova first byte of the range asked about
     * @param length its bytes
     * @throws org.vfio4j.uapi.VfioException EINVAL when nothing is recorded, EIO when the record failed
     */
    void readAndClear(long iova, long length, DirtySink sink);

    /** Gets dirty ranges. */
    @FunctionalInterface
    interface DirtySink {
        /** Marks bytes as written; anything outside the range asked about is ignored. */
        void dirty(long iova, long length);
    }
}
