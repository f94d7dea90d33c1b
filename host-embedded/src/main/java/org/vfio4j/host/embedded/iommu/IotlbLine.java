// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.memory.BackingMemory;

/**
 * One line of a port's IOTLB: the last translation found for the pages that share it. Made with the IOTLB and filled over
 * and over, by the port's thread only.
 *
 * <p>It has two tags, one for reads and one for writes, so permission and the table's accessed and dirty bits cost nothing on
 * a hit: a line gets its write tag only once the dirty bit is set. See {@link Translation} for what a tag is.
 */
final class IotlbLine {
    long readTag = Translation.NO_EPOCH;
    long writeTag = Translation.NO_EPOCH;

    /** Offset in the memory minus iova. */
    private long delta;

    /** Size of the page minus 1, as the tables map it. */
    private long pageMask;

    private @Nullable BackingMemory backing;
    private @Nullable MemorySegment view;

    void clear() {
        readTag = Translation.NO_EPOCH;
        writeTag = Translation.NO_EPOCH;
    }

    /** Where the page is; the tags are stored by the caller. */
    void lead(BackingMemory memory, long offsetMinusIova, long sizeMinusOne) {
        delta = offsetMinusIova;
        pageMask = sizeMinusOne;
        if (backing != memory) {
            // Compared first, because storing a reference costs the collector's barrier, and most lines see one memory.
            backing = memory;
            view = memory.segment();
        }
    }

    /** Bytes from an address to the end of its page. */
    long bytesFrom(long iova) {
        return (iova | pageMask) - iova + 1;
    }

    /** Where in the memory an address is. */
    long offset(long iova) {
        return iova + delta;
    }

    /** The memory. */
    @Nullable
    BackingMemory backing() {
        return backing;
    }

    /** The memory, or null when it has no direct view: then {@link #backing}. */
    @Nullable
    MemorySegment view() {
        return view;
    }
}
