// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.memory.BackingMemory;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.memory.RunSink;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Whole pages of one range of a user's memory or of a file, shared by every area copied from the first (kernel: {@code struct
 * iopt_pages}). A page is pinned, and charged, exactly while at least one {@link PageSpan} covers it, however many do. Counted by
 * its areas and by whoever works on it; the last one gives the source back. Spec: iommufd §6.1, §6.4 to §6.6.
 */
final class PageObject {
    /** Serialises pinning and filling. Taken after the IOVA lock, before any lock of the address space or the host. */
    final ReentrantLock pagesLock = new ReentrantLock();

    /** Whether the mapping that made this object allowed the device to write. */
    final boolean writable;

    private final PageSource source;

    /** Starts with the reference of whoever made this. */
    private final AtomicInteger references = new AtomicInteger(1);

    /** Guarded by {@link #pagesLock}. */
    private Accounting accounting;

    private final PhysicalMemory memory;
    private final int pageShift;

    /** Why pages are pinned. Guarded by {@link #pagesLock}. */
    private final IntervalTree<PageSpan> spans = new IntervalTree<>();

    /**
     * What is pinned, disjoint. Every bound of a span that was ever added is a bound between runs, so letting go of a span
     * drops whole runs and needs no memory. Guarded by {@link #pagesLock}.
     */
    private final IntervalTree<PinnedRun> runs = new IntervalTree<>();

    PageObject(PageSource source, boolean writable, Accounting accounting, PhysicalMemory memory) {
        this.source = source;
        this.writable = writable;
        this.accounting = accounting;
        this.memory = memory;
        this.pageShift = Integer.numberOfTrailingZeros(memory.pageSize());
    }

    int pageShift() {
        return pageShift;
    }

    /** Address of a byte in the source, the automatic choice of an IOVA goes by its alignment. */
    long sourceAddress(long offset) {
        return source.address(offset);
    }

    /** Whether the pages are a file's. */
    boolean ofFile() {
        return source.ofFile();
    }

    /** Takes a reference; the caller knows that there is one. */
    void hold() {
        references.incrementAndGet();
    }

    /** Gives a reference back. Cannot fail. */
    void drop() {
        if (references.decrementAndGet() == 0) {
            source.close();
        }
    }

    /** Who is charged. Under {@link #pagesLock}. */
    Accounting accounting() {
        return accounting;
    }

    /** Says who is charged from now on; the caller has moved what is charged already. Under {@link #pagesLock}. */
    void accounting(Accounting next) {
        accounting = next;
    }

    /** Pages pinned now. Under {@link #pagesLock}. */
    long pinnedPages() {
        long pages = 0;
        for (PinnedRun run = runs.first(); run != null; run = runs.next(run)) {
            pages += run.pages();
        }
        return pages;
    }

    /**
     * Pins and charges the pages of a span that are not pinned yet, all of them or none. Under {@link #pagesLock}.
     *
     * @throws VfioException EFAULT, ENOMEM
     */
    void acquire(PageSpan span) {
        List<PinnedRun> pinned = null;
        long newPages = 0;
        try {
            long page = span.start;
            PinnedRun run = runs.firstIntersecting(span.start, span.last);
            while (page <= span.last) {
                long gapLast = run == null ? span.last : Math.min(span.last, run.start - 1);
                if (page <= gapLast) {
                    if (pinned == null) {
                        pinned = new ArrayList<>(1);
                    }
                    pinGap(page, gapLast, pinned);
                    newPages += gapLast - page + 1;
                }
                if (run == null) {
                    break;
                }
                page = run.last + 1;
                run = runs.next(run);
            }
            if (newPages != 0 && !accounting.tryCharge(newPages)) {
                throw new VfioException(
                        Errno.ENOMEM, "pinning " + newPages + " more pages would exceed the limit of locked memory");
            }
        } catch (RuntimeException refused) {
            if (pinned != null) {
                pinned.forEach(this::unpin);
            }
            throw refused;
        }
        if (pinned != null) {
            pinned.forEach(runs::insert);
        }
        splitRunAt(span.start);
        splitRunAt(span.last + 1);
        spans.insert(span);
    }

    /** Lets go of a span: unpins and uncharges what no other span covers. Under {@link #pagesLock}. Cannot fail. */
    void release(PageSpan span) {
        spans.remove(span);
        long freed = 0;
        PinnedRun run = runs.firstIntersecting(span.start, span.last);
        while (run != null && run.start <= span.last) {
            PinnedRun next = runs.next(run);
            if (spans.firstIntersecting(run.start, run.last) == null) {
                runs.remove(run);
                unpin(run);
                freed += run.pages();
            }
            run = next;
        }
        if (freed != 0) {
            accounting.uncharge(freed);
        }
    }

    /** Replaces a span by two that cover the same pages. Under {@link #pagesLock}. */
    void split(PageSpan whole, PageSpan left, PageSpan right) {
        splitRunAt(left.last + 1);
        splitRunAt(right.start);
        spans.insert(left);
        spans.insert(right);
        spans.remove(whole);
    }

    /** The pinned run that holds a page; null when the page is not pinned. Under {@link #pagesLock}. */
    @Nullable
    PinnedRun runAt(long page) {
        return runs.firstIntersecting(page, page);
    }

    /** The next pinned run. Under {@link #pagesLock}. */
    @Nullable
    PinnedRun nextRun(PinnedRun run) {
        return runs.next(run);
    }

    /**
     * Copies between a buffer and the pages: through the source as it is now if it can, else through what is pinned, and a file's
     * pages that are not are pinned for as long as it takes. May take {@link #pagesLock}.
     *
     * @param offset first byte, counted from page 0
     * @throws VfioException EFAULT, and for a file what pinning answers
     */
    void copy(long offset, MemorySegment buffer, long bufferOffset, long length, boolean write) {
        if (source.copy(offset, buffer, bufferOffset, length, write)) {
            return;
        }
        pagesLock.lock();
        try {
            copyPinned(offset, buffer, bufferOffset, length, write);
        } finally {
            pagesLock.unlock();
        }
    }

    private void copyPinned(long offset, MemorySegment buffer, long bufferOffset, long length, boolean write) {
        long done = 0;
        while (done < length) {
            long at = offset + done;
            PinnedRun run = runAt(at >>> pageShift);
            PinnedRun own = run == null ? pinPage(at >>> pageShift) : null;
            try {
                PinnedRun used = run == null ? Objects.requireNonNull(own) : run;
                long inRun = at - (used.start << pageShift);
                long part = Math.min(length - done, (used.pages() << pageShift) - inRun);
                boolean there = write
                        ? memory.write(used.phys + inRun, buffer, bufferOffset + done, part)
                        : memory.read(used.phys + inRun, buffer, bufferOffset + done, part);
                if (!there) {
                    throw fault(at, part);
                }
                done += part;
            } finally {
                if (own != null) {
                    unpin(own);
                }
            }
        }
    }

    /** Pins one page for a copy, without a charge (kernel: the slow path of {@code iopt_pages_rw_access}). */
    private PinnedRun pinPage(long page) {
        if (!source.ofFile()) {
            throw fault(page << pageShift, 1L << pageShift);
        }
        var pinned = new ArrayList<PinnedRun>(1);
        try {
            pinGap(page, page, pinned);
        } catch (RuntimeException refused) {
            pinned.forEach(this::unpin);
            throw refused;
        }
        return pinned.getFirst();
    }

    private void pinGap(long firstPage, long lastPage, List<PinnedRun> into) {
        long offset = firstPage << pageShift;
        long length = (lastPage - firstPage + 1) << pageShift;
        long start = source.address(offset);
        if (length <= 0 || Long.compareUnsigned(start + length - 1, start) < 0) {
            throw fault(offset, length);
        }
        var sink = new GapSink(firstPage, into);
        source.pin(offset, length, writable, sink);
        if (sink.refused) {
            throw fault(offset, length);
        }
    }

    private void splitRunAt(long page) {
        PinnedRun run = runAt(page);
        if (run == null || run.start == page) {
            return;
        }
        runs.remove(run);
        long leftPages = page - run.start;
        runs.insert(new PinnedRun(run.start, page - 1, run.phys));
        runs.insert(new PinnedRun(page, run.last, run.phys + (leftPages << pageShift)));
    }

    private void unpin(PinnedRun run) {
        memory.unpin(run.phys, run.pages() << pageShift, writable);
    }

    private VfioException fault(long offset, long length) {
        return new VfioException(
                Errno.EFAULT,
                "memory at 0x" + Long.toHexString(source.address(offset)) + ", " + Long.toUnsignedString(length)
                        + " bytes, is not there for the access asked for");
    }

    /** Turns the address space's runs into page-numbered ones. */
    private final class GapSink implements RunSink {
        private final List<PinnedRun> into;
        private long page;

        /**
         * Whether some page cannot be taken: not whole pages of one backing object, which no IOMMU can map, or a device's memory,
         * which this backend does not map.
         */
        private boolean refused;

        GapSink(long firstPage, List<PinnedRun> into) {
            this.page = firstPage;
            this.into = into;
        }

        @Override
        public void run(long phys, long length) {
            BackingMemory backing = memory.backing(phys);
            if (((phys | length) & (memory.pageSize() - 1)) != 0 || (backing != null && backing.deviceMemory())) {
                refused = true;
                memory.unpin(phys, length, false);
                return;
            }
            long pages = length >>> pageShift;
            into.add(new PinnedRun(page, page + pages - 1, phys));
            page += pages;
        }
    }
}
