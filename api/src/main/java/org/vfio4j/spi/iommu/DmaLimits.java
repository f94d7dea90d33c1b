// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.iommu;

import java.util.List;

/**
 * What DMA mappings must keep to.
 *
 * @param pageSizes usable page sizes, one bit each
 * @param ranges usable address ranges, sorted; empty when nothing is known to be excluded
 * @param mappingsAvailable how many mappings may still be made
 */
public record DmaLimits(long pageSizes, List<Range> ranges, long mappingsAvailable) {
    /** Copies the list. */
    public DmaLimits {
        ranges = List.copyOf(ranges);
    }

    /**
     * A usable range.
     *
     * @param start first address
     * @param last last address, inclusive
     */
    public record Range(long start, long last) {}
}
