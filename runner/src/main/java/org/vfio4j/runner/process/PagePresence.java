// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.vfio4j.ffm.LinuxFiles;

/**
 * Whether pages of a program's private memory are those it had, as far as {@code /proc/PID/pagemap} tells without privileges. A page
 * of plain memory that has once been there stays there, in memory or in swap, until the program unmaps or discards it; what is
 * mapped in its place is not there before it is touched.
 */
final class PagePresence {
    private static final int PAGE_SHIFT = 12;
    private static final long PRESENT_OR_SWAPPED = 3L << 62;

    /** {@code PM_FILE}: a page of a file or of shared memory; huge pages of zeros are shown so too. */
    private static final long OF_FILE = 1L << 61;

    private static final int BATCH = 512;

    /** How far pages that are gone together are looked for, in bytes to either side. */
    private static final long REACH = 64L << 20;

    private static final ThreadLocal<MemorySegment> ENTRIES =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(BATCH * (long) Long.BYTES, Long.BYTES));

    private final int pagemap;
    private final int maps;

    /**
     * Asks a process' files.
     *
     * @param pagemap descriptor of {@code /proc/PID/pagemap}; negative if it cannot be had: then every page counts as there
     * @param maps descriptor of {@code /proc/PID/maps}
     */
    PagePresence(int pagemap, int maps) {
        this.pagemap = pagemap;
        this.maps = maps;
    }

    /**
     * The first page of a range that is not there as private memory.
     *
     * @return its address, or the range's end when all are there
     */
    long firstGone(long start, long end) {
        if (pagemap < 0) {
            return end;
        }
        for (long page = start >>> PAGE_SHIFT; page << PAGE_SHIFT < end; ) {
            long wanted = Math.min(BATCH, ((end - 1) >>> PAGE_SHIFT) - page + 1);
            MemorySegment entries = ENTRIES.get().asSlice(0, wanted * Long.BYTES);
            long got = LinuxFiles.pread(pagemap, entries, page * Long.BYTES);
            if (got <= 0) {
                return got == 0 ? page << PAGE_SHIFT : end; // the memory has gone, or cannot be asked about
            }
            for (int i = 0; i < got / Long.BYTES; i++) {
                long address = (page + i) << PAGE_SHIFT;
                if (isGone(entries.getAtIndex(ValueLayout.JAVA_LONG, i), address)) {
                    return Math.max(address, start);
                }
            }
            page += got / Long.BYTES;
        }
        return end;
    }

    private boolean isGone(long entry, long address) {
        return (entry & PRESENT_OR_SWAPPED) == 0 || ((entry & OF_FILE) != 0 && showsFile(address));
    }

    private boolean showsFile(long address) {
        try (var areas = new MemoryAreas(maps)) {
            MemoryArea area = areas.at(address);
            return area == null || area.file().isFile();
        }
    }

    /** First page of those around a page that is gone which are gone too. */
    long startOfGone(long address, long least) {
        long page = address >>> PAGE_SHIFT;
        long stop = Math.max(least, address - REACH) >>> PAGE_SHIFT;
        while (page > stop && firstGone((page - 1) << PAGE_SHIFT, page << PAGE_SHIFT) < page << PAGE_SHIFT) {
            page--;
        }
        return page << PAGE_SHIFT;
    }

    /** End of those pages. */
    long endOfGone(long address, long most) {
        long page = (address >>> PAGE_SHIFT) + 1;
        long stop = Math.min(most, address + REACH) >>> PAGE_SHIFT;
        while (page < stop && firstGone(page << PAGE_SHIFT, (page + 1) << PAGE_SHIFT) < (page + 1) << PAGE_SHIFT) {
            page++;
        }
        return page << PAGE_SHIFT;
    }
}
