// SPDX-License-Identifier: Apache-2.0
package org.vfio4j;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.vfio4j.spi.device.DmaRange;

/**
 * A device's own record of the memory it writes (kernel: the features {@code DMA_LOGGING_START}, {@code STOP} and
 * {@code REPORT}). It stops when the device is closed. Thread-safe. Spec: core §13.
 */
public interface DmaLogging {
    /**
     * Starts to record writes.
     *
     * @param pageSize bytes the record shall resolve; addresses and lengths are multiples of it
     * @param ranges which addresses, one at least, not overlapping, ending below 2^64
     * @return bytes the record resolves, the device's choice
     * @throws org.vfio4j.uapi.VfioException EINVAL recording already, no ranges, misaligned or overlapping ones; E2BIG more
     *     than the device can be given; EOVERFLOW a range that ends at 2^64 or beyond
     */
    long start(long pageSize, List<DmaRange> ranges);

    /** Stops recording; no effect when nothing is recorded. */
    void stop();

    /**
     * Sets the bits of pages that were written since they were last reported; other bits stay as they are.
     *
     * @param range which addresses
     * @param pageSize bytes per bit, a power of two from 4096 on
     * @param bitmap little-endian 64-bit words; bit k stands for the range's page k
     * @throws org.vfio4j.uapi.VfioException EINVAL nothing is recorded, or pageSize; EOVERFLOW the range ends at 2^64 or
     *     beyond; EFAULT the bitmap is too small: nothing is reported then
     */
    void report(DmaRange range, long pageSize, MemorySegment bitmap);
}
