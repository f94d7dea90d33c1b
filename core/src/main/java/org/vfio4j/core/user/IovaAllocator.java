// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.vfio4j.spi.iommu.DmaLimits;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Finds free I/O addresses, first fit. Keeps the gaps between what is used, merged, so that the cost follows the gaps and not
 * the mappings. Addresses from 2^63 on and address 0 are never given out. Not thread-safe: the DMA space's lock guards it.
 */
final class IovaAllocator {
    private static final long LAST = Long.MAX_VALUE - 1;

    /** What may be used when nothing is known to be excluded. */
    private static final List<DmaLimits.Range> EVERYTHING = List.of(new DmaLimits.Range(0, LAST));

    /** Ranges that {@link #gaps} were made from. */
    private List<DmaLimits.Range> ranges = List.of();

    /** First to last address of each gap, sorted, never touching. */
    private final TreeMap<Long, Long> gaps = new TreeMap<>();

    /** What is used. Needs no order: those who choose their addresses themselves pay for no search. */
    private final UsedRanges used = new UsedRanges();

    /** Takes over what may be used now; it changes as devices come and go. */
    void limitTo(List<DmaLimits.Range> allowed) {
        var now = allowed.isEmpty() ? EVERYTHING : allowed;
        if (now.equals(ranges)) {
            return;
        }
        ranges = now;
        gaps.clear();
        for (var range : now) {
            long start = Math.max(range.start(), 1);
            long last = range.last() < 0 ? LAST : Math.min(range.last(), LAST);
            if (range.start() >= 0 && start <= last) {
                gaps.put(start, last);
            }
        }
        used.forEach(this::cut);
    }

    /**
     * Takes the first free range.
     *
     * @param size bytes, greater than zero
     * @param alignment power of two
     * @param residue what the address shall be modulo alignment
     * @return its first address
     * @throws VfioException ENOSPC when there is none
     */
    long allocate(long size, long alignment, long residue) {
        long start = find(size, alignment, residue)
                .orElseThrow(() -> new VfioException(
                        Errno.ENOSPC, "no free I/O address range of 0x" + Long.toHexString(size) + " bytes is left"));
        take(start, size);
        return start;
    }

    /** The first free range, not taken yet; see {@link #allocate}. */
    OptionalLong find(long size, long alignment, long residue) {
        for (Map.Entry<Long, Long> gap : gaps.entrySet()) {
            long start = alignUp(gap.getKey(), alignment, residue);
            if (start >= gap.getKey() && start <= gap.getValue() && size - 1 <= gap.getValue() - start) {
                return OptionalLong.of(start);
            }
        }
        return OptionalLong.empty();
    }

    private static long alignUp(long address, long alignment, long residue) {
        long base = (address - residue) & -alignment;
        long candidate = base + residue;
        return candidate < address ? candidate + alignment : candidate;
    }

    /** Notes that a range is used, by whomever. */
    void take(long start, long size) {
        if (start >= 0 && size > 0 && size - 1 <= LAST - start) {
            used.put(start, start + size - 1);
            cut(start, start + size - 1);
        }
    }

    /** Notes that a range taken before is free. */
    void free(long start) {
        long last = used.remove(start);
        if (last == UsedRanges.NONE) {
            return;
        }
        for (var range : ranges) {
            long from = Math.max(Math.max(range.start(), 1), start);
            long to = range.last() < 0 ? last : Math.min(range.last(), last);
            if (range.start() >= 0 && from <= to) {
                open(from, to);
            }
        }
    }

    private void open(long start, long last) {
        long from = start;
        long to = last;
        var before = gaps.floorEntry(from);
        if (before != null && before.getValue() + 1 >= from) {
            from = before.getKey();
            to = Math.max(to, before.getValue());
            gaps.remove(before.getKey());
        }
        var after = gaps.ceilingEntry(from);
        while (after != null && after.getKey() <= to + 1) {
            to = Math.max(to, after.getValue());
            gaps.remove(after.getKey());
            after = gaps.ceilingEntry(from);
        }
        gaps.put(from, to);
    }

    private void cut(long start, long last) {
        var gap = gaps.floorEntry(last);
        while (gap != null && gap.getValue() >= start) {
            gaps.remove(gap.getKey());
            if (gap.getValue() > last) {
                gaps.put(last + 1, gap.getValue());
            }
            if (gap.getKey() < start) {
                gaps.put(gap.getKey(), start - 1);
            }
            gap = gaps.lowerEntry(gap.getKey());
        }
    }
}
