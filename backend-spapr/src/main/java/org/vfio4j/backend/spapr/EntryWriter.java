// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import org.vfio4j.backend.spapr.PageSource.PageCursor;
import org.vfio4j.spi.host.TceTable;

/**
 * Writes and clears runs of entries, block by block. What an entry pointed to is given back only after the table was told to
 * invalidate, which waits for DMA that uses it. Allocates nothing per entry. Spec: spapr §6 M11, §12.4.
 */
final class EntryWriter {
    private final PageSource source;

    EntryWriter(PageSource source) {
        this.source = source;
    }

    /**
     * Makes entries point to a range of the owner's memory; live ones are replaced.
     *
     * @param count at least one, all inside the window
     * @throws org.vfio4j.uapi.VfioException when a page cannot be had or written; the entries written are clear then, not
     *     what they were before
     */
    void map(DmaWindow window, long first, long count, long vaddr, int protection) {
        try (PageCursor pages = source.open(window.pageShift(), count)) {
            long done = 0;
            try {
                while (done < count) {
                    int length = DmaWindow.blockLength(first + done, count - done);
                    mapBlock(window, pages, first + done, length, vaddr + (done << window.pageShift()), protection);
                    done += length;
                }
            } finally {
                if (done < count) {
                    clear(window, first, done);
                }
            }
        }
    }

    private void mapBlock(DmaWindow window, PageCursor pages, long first, int count, long vaddr, int protection) {
        EntryLock entryLock = window.lockOf(first);
        entryLock.lock.lock();
        try {
            writeBlock(window, entryLock, pages, first, count, vaddr, protection);
        } finally {
            entryLock.lock.unlock();
        }
    }

    private void writeBlock(
            DmaWindow window,
            EntryLock entryLock,
            PageCursor pages,
            long first,
            int count,
            long vaddr,
            int protection) {
        TceTable table = window.table();
        int done = 0;
        try {
            for (; done < count; done++) {
                long address = vaddr + ((long) done << window.pageShift());
                writeEntry(table, entryLock, first + done, pages, address, protection);
            }
        } finally {
            // Entries that were clear are in no cache: without replaced ones there is nothing to wait for.
            invalidateAndRelease(window, entryLock, first, done);
            if (done < count) {
                clearBlock(window, entryLock, first, done);
            }
        }
    }

    private void writeEntry(
            TceTable table, EntryLock entryLock, long entry, PageCursor pages, long vaddr, int protection) {
        long phys = pages.take(vaddr);
        boolean noted = false;
        boolean done = false;
        long noteBefore = 0;
        try {
            noteBefore = source.note(table, entry, vaddr);
            noted = true;
            long old = table.exchange(entry, phys, protection);
            done = true;
            if (old != 0) {
                entryLock.add(source.token(noteBefore, old));
            }
        } finally {
            if (!done) {
                if (noted) {
                    source.note(table, entry, noteBefore);
                }
                pages.giveBack(phys);
            }
        }
    }

    /**
     * Clears entries; holes are skipped.
     *
     * @param count may be 0; all inside the window
     */
    void clear(DmaWindow window, long first, long count) {
        long end = first + count;
        long entry = first;
        while (entry < end) {
            entry = Math.max(entry, window.table().nextAllocated(entry));
            if (entry >= end) {
                return;
            }
            int length = DmaWindow.blockLength(entry, end - entry);
            EntryLock entryLock = window.lockOf(entry);
            entryLock.lock.lock();
            try {
                clearBlock(window, entryLock, entry, length);
            } finally {
                entryLock.lock.unlock();
            }
            entry += length;
        }
    }

    /** Clears all entries of a window. */
    void clear(DmaWindow window) {
        clear(window, 0, window.entries());
    }

    private void clearBlock(DmaWindow window, EntryLock entryLock, long first, int count) {
        TceTable table = window.table();
        long end = first + count;
        for (long entry = first; entry < end; entry++) {
            // Looked at first: a clear entry must not make the table allocate a level.
            if (table.entry(entry) != 0) {
                long old = table.exchange(entry, 0, 0);
                entryLock.add(source.token(source.note(table, entry, 0), old));
            }
        }
        invalidateAndRelease(window, entryLock, first, count);
    }

    private void invalidateAndRelease(DmaWindow window, EntryLock entryLock, long first, int count) {
        if (entryLock.hasTokens()) {
            window.table().invalidate(first, count);
            entryLock.release(source, window.pageShift());
        }
    }
}
