// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import java.util.Arrays;
import org.vfio4j.spi.memory.AddressSpace;

/**
 * The sizes of the pages behind a registered range, found when it is registered. Immutable. Spec: spapr §8.
 */
final class BackingPages {
    private final int regionShift;

    /** Where pages of another size begin, ascending; empty when the region's shift does not exceed the base page. */
    private final long[] offsets;

    private final byte[] shifts;

    private BackingPages(int regionShift, long[] offsets, byte[] shifts) {
        this.regionShift = regionShift;
        this.offsets = offsets;
        this.shifts = shifts;
    }

    /** Looks at every page of a pinned range, or at none when only base pages could be mapped into it anyway. */
    static BackingPages of(AddressSpace memory, long vaddr, long size, int baseShift) {
        int regionShift = Long.numberOfTrailingZeros(vaddr | size);
        // As in the kernel, base pages behind a huge one do not reduce the region's shift; they are refused when
        // mapped.
        int lastHuge = baseShift;
        long[] offsets = new long[1];
        byte[] shifts = new byte[1];
        int used = 0;
        long end = vaddr + size;
        for (long at = vaddr; at < end && regionShift > baseShift; ) {
            int shift = Math.max(baseShift, Long.numberOfTrailingZeros(memory.backingPageSize(at)));
            if (shift > baseShift) {
                lastHuge = shift;
            }
            regionShift = Math.min(regionShift, lastHuge);
            if (used == 0 || shifts[used - 1] != shift) {
                if (used == offsets.length) {
                    offsets = Arrays.copyOf(offsets, 2 * used);
                    shifts = Arrays.copyOf(shifts, 2 * used);
                }
                offsets[used] = at - vaddr;
                shifts[used++] = (byte) shift;
            }
            at = (at | ((1L << shift) - 1)) + 1;
        }
        if (regionShift <= baseShift) {
            used = 0;
        }
        return new BackingPages(regionShift, Arrays.copyOf(offsets, used), Arrays.copyOf(shifts, used));
    }

    /** The largest IOMMU page, as a power of two, that may be mapped into the region at all. */
    int regionShift() {
        return regionShift;
    }

    /** Whether the page behind an offset is at least as large as an IOMMU page. */
    boolean hold(long offset, int shift) {
        if (offsets.length == 0) {
            return true;
        }
        int found = Arrays.binarySearch(offsets, offset);
        return shifts[found >= 0 ? found : -found - 2] >= shift;
    }
}
