// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import java.util.Optional;

/**
 * The shape of a PowerNV table. A level is one block of entries; the top level is one block, each lower one as many as are
 * needed. Spec: spapr §7 (PNV size and create).
 *
 * @param pageShift size of an IOMMU page as a power of two
 * @param levels how many levels
 * @param levelShift entries of a block as a power of two
 * @param entries how many pages the window has; more than asked for when the window is tiny
 * @param tableSize bytes charged: every block that could ever be needed, once for the hardware and once for the view
 */
record TceGeometry(int pageShift, int levels, int levelShift, long entries, long tableSize) {
    private static final int ENTRY_SHIFT = 3;
    private static final int BASE_PAGE = 4096;
    /** Bus addresses a table may translate end below this power of two. */
    private static final int ADDRESS_BITS = 55;

    /**
     * Computes the shape.
     *
     * @return empty when there is no such table
     */
    static Optional<TceGeometry> of(TceConfig config, int pageShift, long windowSize, int levels) {
        boolean pageOffered = pageShift > 0 && pageShift < Long.SIZE && (config.pageSizes() & (1L << pageShift)) != 0;
        if (!pageOffered
                || windowSize <= 0
                || Long.bitCount(windowSize) != 1
                || windowSize < 1L << pageShift
                || levels < 1
                || levels > config.maxLevels()) {
            return Optional.empty();
        }
        int entryBits = Long.numberOfTrailingZeros(windowSize) - pageShift;
        int bitsPerLevel = (entryBits + levels - 1) / levels;
        int blockShift = Math.max(bitsPerLevel + ENTRY_SHIFT, Integer.numberOfTrailingZeros(config.hostPageSize()));
        long block = 1L << blockShift;
        long bytes = 0;
        long level = Math.max(BASE_PAGE, (long) Long.BYTES << entryBits);
        for (int i = 0; i < levels; i++) {
            bytes += (level + block - 1) & -block;
            level = Math.max(level / block * Long.BYTES, block);
        }
        long entries = Math.max((long) Long.BYTES << entryBits, config.hostPageSize()) / Long.BYTES;
        return Optional.of(new TceGeometry(pageShift, levels, blockShift - ENTRY_SHIFT, entries, 2 * bytes));
    }

    /** Whether the hardware can use the table: it cannot when its levels span too many bits of address. */
    boolean isUsable() {
        return levelShift * levels + pageShift < ADDRESS_BITS;
    }

    /** Bytes of one block. */
    long blockSize() {
        return (long) Long.BYTES << levelShift;
    }
}
