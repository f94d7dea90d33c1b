// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

/**
 * Pages of one entry that devices without DMA of their own hold (kernel: {@code vfio_dma.pfn_list}): page address, physical
 * address and how often it is pinned. An open-addressing table of primitives; guarded by the instance lock.
 */
final class ExternalPins {
    /** Marks a free place; a pinned page counts at least 1. */
    private static final int FREE = 0;

    private long[] iovas = new long[8];
    private long[] physical = new long[8];
    private int[] counts = new int[8];
    private int pages;

    /** How many different pages are pinned. */
    int pages() {
        return pages;
    }

    /** Counts one more pin of a page that is pinned already. */
    boolean addIfPinned(long iova) {
        int at = find(iova);
        if (counts[at] == FREE) {
            return false;
        }
        counts[at]++;
        return true;
    }

    /** The physical address of a pinned page, 0 when it is not pinned. */
    long phys(long iova) {
        int at = find(iova);
        return counts[at] == FREE ? 0 : physical[at];
    }

    /** Remembers a page pinned for the first time. */
    void add(long iova, long phys) {
        if (2 * (pages + 1) > counts.length) {
            grow();
        }
        int at = find(iova);
        iovas[at] = iova;
        physical[at] = phys;
        counts[at] = 1;
        pages++;
    }

    /**
     * Takes one pin back.
     *
     * @return the physical address to give back when this was the last pin of the page, else 0
     */
    long remove(long iova) {
        int at = find(iova);
        if (counts[at] == FREE || --counts[at] > 0) {
            return 0;
        }
        long phys = physical[at];
        pages--;
        close(at);
        return phys;
    }

    /** Shows every pinned page. */
    void forEach(PageSink sink) {
        for (int i = 0; i < counts.length; i++) {
            if (counts[i] != FREE) {
                sink.page(iovas[i], physical[i]);
            }
        }
    }

    private int find(long iova) {
        int mask = counts.length - 1;
        int at = slot(iova, mask);
        while (counts[at] != FREE && iovas[at] != iova) {
            at = (at + 1) & mask;
        }
        return at;
    }

    /** Fills the hole by moving later items of the same chain back, so that no tombstones are needed. */
    private void close(int hole) {
        int mask = counts.length - 1;
        int gap = hole;
        int at = (gap + 1) & mask;
        while (counts[at] != FREE) {
            int home = slot(iovas[at], mask);
            if (((at - home) & mask) >= ((at - gap) & mask)) {
                iovas[gap] = iovas[at];
                physical[gap] = physical[at];
                counts[gap] = counts[at];
                gap = at;
            }
            at = (at + 1) & mask;
        }
        counts[gap] = FREE;
    }

    private void grow() {
        long[] oldIovas = iovas;
        long[] oldPhysical = physical;
        int[] oldCounts = counts;
        int length = oldCounts.length * 2;
        iovas = new long[length];
        physical = new long[length];
        counts = new int[length];
        for (int i = 0; i < oldCounts.length; i++) {
            if (oldCounts[i] != FREE) {
                int at = find(oldIovas[i]);
                iovas[at] = oldIovas[i];
                physical[at] = oldPhysical[i];
                counts[at] = oldCounts[i];
            }
        }
    }

    private static int slot(long iova, int mask) {
        long mixed = (iova >>> 9) * 0x9E3779B97F4A7C15L;
        return (int) (mixed >>> 40) & mask;
    }

    /** Receives pinned pages. */
    @FunctionalInterface
    interface PageSink {
        /** One page. */
        void page(long iova, long phys);
    }
}
