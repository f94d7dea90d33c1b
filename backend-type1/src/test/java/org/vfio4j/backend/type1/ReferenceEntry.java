// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import java.util.BitSet;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** One mapping of the {@link ReferenceModel}. */
final class ReferenceEntry {
    static final long PAGE = 4096;

    final long iova;
    final long last;
    final int protection;
    long vaddr;
    boolean valid = true;
    /** Where each page was when the hardware got it; null while no hardware has it. */
    long @Nullable [] phys;
    /** Pages charged because the hardware has them. */
    long charged;
    /** How often devices hold each page, by its address. */
    final TreeMap<Long, Integer> pins = new TreeMap<>();
    /** Where those pages were when they were pinned first. */
    final TreeMap<Long, Long> pinnedAt = new TreeMap<>();
    /** Written pages, in the unit of the smallest page. */
    BitSet dirty = new BitSet();

    ReferenceEntry(long iova, long size, long vaddr, int protection) {
        this.iova = iova;
        this.last = iova + size - 1;
        this.vaddr = vaddr;
        this.protection = protection;
    }

    long size() {
        return last - iova + 1;
    }

    int pages() {
        return (int) (size() / PAGE);
    }

    boolean holds(long address) {
        return !below(address, iova) && !below(last, address);
    }

    boolean overlaps(long first, long end) {
        return !below(last, first) && !below(end, iova);
    }

    static boolean below(long a, long b) {
        return Long.compareUnsigned(a, b) < 0;
    }
}
