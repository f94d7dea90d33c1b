// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import static org.vfio4j.backend.type1.Refusal.hex;

import java.lang.foreign.MemorySegment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.memory.RunSink;
import org.vfio4j.uapi.Errno;

/**
 * Memory access of devices without DMA of their own: page pins and copies (kernel: {@code pin_pages}, {@code unpin_pages},
 * {@code dma_rw}). Takes the instance lock itself. Spec: type1 §10.
 */
final class DevicePins {
    private static final Logger LOG = LoggerFactory.getLogger(DevicePins.class);
    private static final String PIN = "pin_pages";
    private static final String COPY = "dma_rw";

    private final InstanceState state;
    private final PhysicalMemory physical;
    private final EntryPinner pinner;
    private final Accounting accounting;
    private final DirtyTracking tracking;
    private final int pageSize;
    /** One call's pages fit a page of 64-bit words. */
    private final int mostPages;

    DevicePins(
            InstanceState state,
            PhysicalMemory physical,
            EntryPinner pinner,
            Accounting accounting,
            DirtyTracking tracking) {
        this.state = state;
        this.physical = physical;
        this.pinner = pinner;
        this.accounting = accounting;
        this.tracking = tracking;
        this.pageSize = physical.pageSize();
        this.mostPages = pageSize / Long.BYTES;
    }

    /**
     * Pins pages, all or none. The sink is called after the instance lock is released.
     *
     * @param iova any address in the first page
     */
    void pin(IommuGroup group, long iova, int pages, int protection, RunSink sink) {
        checkPin(iova, pages);
        long start = iova & -pageSize;
        long[] frames = new long[pages];
        state.lock.lock();
        try {
            if (state.invalidVaddrs > 0) {
                throw Refusal.of(Errno.EBUSY, PIN, state.invalidVaddrs + " mappings have no valid vaddr");
            }
            if (state.devices.isEmpty()) {
                throw Refusal.of(Errno.EINVAL, PIN, "no open device listens to unmaps");
            }
            int done = 0;
            try {
                for (; done < pages; done++) {
                    frames[done] = pinPage(start + (long) done * pageSize, protection);
                }
            } finally {
                if (done < pages) {
                    while (--done >= 0) {
                        unpinPage(start + (long) done * pageSize);
                    }
                }
            }
            markPinned(start, pages);
            enterPinnedScope(group);
        } finally {
            state.lock.unlock();
        }
        report(frames, sink);
    }

    /** Takes pins back, up to the first address that is not mapped. */
    void unpin(long iova, int pages) {
        if (!state.version2 || pages <= 0 || pages > mostPages) {
            LOG.warn("unpin_pages of {} pages at {} ignored", pages, hex(iova));
            return;
        }
        long start = iova & -pageSize;
        state.lock.lock();
        try {
            for (int i = 0; i < pages; i++) {
                if (!unpinPage(start + (long) i * pageSize)) {
                    LOG.warn("unpin_pages stops at {}, which is not mapped", hex(start + (long) i * pageSize));
                    return;
                }
            }
        } finally {
            state.lock.unlock();
        }
    }

    /** Copies piece by piece; pieces before a refused one stay copied. */
    void copy(long iova, MemorySegment buffer, boolean write) {
        long length = buffer.byteSize();
        if (length == 0) {
            throw Refusal.of(Errno.EINVAL, COPY, "nothing to copy");
        }
        state.lock.lock();
        try {
            if (state.invalidVaddrs > 0) {
                throw Refusal.of(Errno.EBUSY, COPY, state.invalidVaddrs + " mappings have no valid vaddr");
            }
            for (long done = 0; done < length; ) {
                done += copyPiece(iova + done, buffer, done, write);
            }
        } finally {
            state.lock.unlock();
        }
    }

    private void checkPin(long iova, int pages) {
        if (pages == 0) {
            throw Refusal.of(Errno.EINVAL, PIN, "no pages");
        }
        if (pages > mostPages) {
            throw Refusal.of(Errno.E2BIG, PIN, pages + " pages are more than " + mostPages);
        }
        if (!state.version2) {
            throw Refusal.of(Errno.EACCES, PIN, "the container is of type v1");
        }
        if (pages < 0) {
            throw Refusal.of(Errno.EINVAL, PIN, pages + " pages");
        }
        if (MapOperation.wraps(iova & -pageSize, (long) pages * pageSize)) {
            throw Refusal.of(Errno.EOVERFLOW, PIN, pages + " pages at " + hex(iova) + " pass 2^64");
        }
    }

    private long pinPage(long iova, int protection) {
        DmaEntry entry = state.entries.containing(iova);
        if (entry == null) {
            throw Refusal.of(Errno.EINVAL, PIN, hex(iova) + " is not mapped");
        }
        if ((entry.protection & protection) != protection) {
            throw Refusal.of(
                    Errno.EPERM, PIN, hex(iova) + " is mapped for " + entry.protection + ", not for " + protection);
        }
        ExternalPins pins = entry.pins;
        if (pins != null && pins.addIfPinned(iova)) {
            return pins.phys(iova);
        }
        long phys = pinFrame(entry, iova);
        if (pins == null) {
            pins = new ExternalPins();
            entry.pins = pins;
        }
        pins.add(iova, phys);
        return phys;
    }

    /** Only once all pages are pinned: nobody was told of a page that is released again, so nobody wrote it. */
    private void markPinned(long start, int pages) {
        if (state.tracking) {
            for (int i = 0; i < pages; i++) {
                long iova = start + (long) i * pageSize;
                DmaEntry entry = state.entries.containing(iova);
                if (entry != null) {
                    tracking.mark(entry, iova, pageSize);
                }
            }
        }
    }

    private long pinFrame(DmaEntry entry, long iova) {
        FrameSink frame = new FrameSink();
        entry.memory.pin(entry.vaddrOf(iova), pageSize, entry.writable(), frame);
        boolean done = false;
        try {
            if (pinner.isDeviceMemory(frame.phys)) {
                throw Refusal.of(Errno.EINVAL, PIN, hex(iova) + " is a device's memory");
            }
            if (state.domains.isEmpty()) {
                accounting.charge(entry, entry.chargedPages + 1);
            }
            done = true;
        } finally {
            if (!done) {
                physical.unpin(frame.phys, pageSize, false);
            }
        }
        return frame.phys;
    }

    /** Whether the page is mapped at all. */
    private boolean unpinPage(long iova) {
        DmaEntry entry = state.entries.containing(iova);
        if (entry == null) {
            return false;
        }
        ExternalPins pins = entry.pins;
        if (pins == null) {
            return true;
        }
        long phys = pins.remove(iova);
        if (phys != 0) {
            physical.unpin(phys, pageSize, entry.writable());
            if (state.domains.isEmpty()) {
                accounting.settle(entry, entry.chargedPages - 1);
            }
        }
        return true;
    }

    private long copyPiece(long iova, MemorySegment buffer, long offset, boolean write) {
        DmaEntry entry = state.entries.containing(iova);
        if (entry == null) {
            throw Refusal.of(Errno.EINVAL, COPY, hex(iova) + " is not mapped");
        }
        if (!entry.readable() || (write && !entry.writable())) {
            throw Refusal.of(Errno.EPERM, COPY, hex(iova) + " is mapped for " + entry.protection);
        }
        if (!entry.memory.alive()) {
            throw Refusal.of(Errno.EPERM, COPY, "the user who mapped " + hex(iova) + " is gone");
        }
        long toEnd = entry.last - iova;
        long left = buffer.byteSize() - offset;
        long length = Long.compareUnsigned(toEnd, left - 1) < 0 ? toEnd + 1 : left;
        if (write) {
            entry.memory.write(entry.vaddrOf(iova), buffer, offset, length);
            tracking.mark(entry, iova, length);
        } else {
            entry.memory.read(entry.vaddrOf(iova), buffer, offset, length);
        }
        return length;
    }

    /** From now on the group counts as one whose devices write only what they pinned. */
    private void enterPinnedScope(IommuGroup group) {
        AttachedGroup attached = state.find(group);
        if (attached != null && attached.enterPinnedScope()) {
            state.nonPinnedScopes--;
        }
    }

    private void report(long[] frames, RunSink sink) {
        int from = 0;
        for (int i = 1; i <= frames.length; i++) {
            if (i == frames.length || frames[i] != frames[i - 1] + pageSize) {
                sink.run(frames[from], (long) (i - from) * pageSize);
                from = i;
            }
        }
    }

    /** Keeps where a page is. */
    private static final class FrameSink implements RunSink {
        private long phys;

        @Override
        public void run(long runPhys, long length) {
            phys = runPhys;
        }
    }
}
