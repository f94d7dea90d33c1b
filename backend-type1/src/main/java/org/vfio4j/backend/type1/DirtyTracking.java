// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import static org.vfio4j.backend.type1.Refusal.hex;
import static org.vfio4j.backend.type1.Refusal.range;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.struct.UapiLayouts;

/**
 * Which pages devices may have written (kernel: DIRTY_PAGES). Groups that never pinned a page may write everything that is
 * mapped; the others only what they pin or copy. Used under the instance lock. Spec: type1 §11.
 */
final class DirtyTracking {
    private static final String NAME = "DIRTY_PAGES";
    /** Words of a report that are written at once. */
    private static final int CHUNK_WORDS = 512;

    /** Bits are numbered as in a little-endian word. */
    private static final boolean WORDS_ARE_AS_THE_USER_WANTS_THEM = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;

    private final InstanceState state;
    /** Words on their way to a user who wants them shifted; used within one report. */
    private final MemorySegment chunk = MemorySegment.ofArray(new long[CHUNK_WORDS]);

    DirtyTracking(InstanceState state) {
        this.state = state;
    }

    /** START: nothing changes when tracking is on. */
    void start() {
        if (state.tracking) {
            return;
        }
        boolean done = false;
        try {
            for (DmaEntry entry = state.entries.first(); entry != null; entry = state.entries.next(entry)) {
                addBitmap(entry);
                markPins(entry);
            }
            done = true;
        } finally {
            state.tracking = true;
            if (!done) {
                stop();
            }
        }
    }

    /** STOP: nothing changes when tracking is off. */
    void stop() {
        if (!state.tracking) {
            return;
        }
        for (DmaEntry entry = state.entries.first(); entry != null; entry = state.entries.next(entry)) {
            entry.dirty = null;
        }
        state.tracking = false;
    }

    /** Gives an entry a bitmap without bits. */
    void addBitmap(DmaEntry entry) {
        entry.dirty = new DirtyBitmap(entry.size() >>> pageShift());
    }

    /** The smallest page changed because a domain left: what was recorded in other units counts as all written. */
    void restart() {
        if (!state.tracking) {
            return;
        }
        stop();
        start();
        markAll();
    }

    /** GET_BITMAP. */
    void getBitmap(long iova, long size, BitmapTarget target) {
        checkReport(NAME, target);
        long last = iova + (size - 1);
        DmaEntry cut = state.entries.containing(iova);
        if (cut == null || cut.iova == iova) {
            cut = state.entries.containing(last);
            if (cut != null && cut.last == last) {
                cut = null;
            }
        }
        if (cut != null) {
            throw Refusal.of(Errno.EINVAL, NAME, range(iova, last) + " cuts the mapping " + range(cut.iova, cut.last));
        }
        for (DmaEntry entry = state.entries.firstOverlapping(iova, last);
                entry != null && Long.compareUnsigned(entry.iova, last) <= 0;
                entry = state.entries.next(entry)) {
            report(entry, iova, target);
            entry.dirty().clear();
            markPins(entry);
        }
    }

    /** Whether reports can be made at all, in that page size. */
    void checkReport(String operation, BitmapTarget target) {
        if (!state.tracking) {
            throw Refusal.of(Errno.EINVAL, operation, "dirty tracking is off");
        }
        if (target.pageSize() != state.domains.smallestPage()) {
            throw Refusal.of(
                    Errno.EINVAL,
                    operation,
                    "bitmap page size " + hex(target.pageSize()) + " is not " + hex(state.domains.smallestPage()));
        }
    }

    /**
     * Writes an entry's bits into the caller's bitmap: whole words, of which only the first may keep what was there.
     *
     * @param base address that bit 0 stands for, not above the entry
     * @throws org.vfio4j.uapi.VfioException EFAULT
     */
    void report(DmaEntry entry, long base, BitmapTarget target) {
        DirtyBitmap bitmap = entry.dirty();
        if (state.nonPinnedScopes > 0 && entry.mapped) {
            bitmap.setAll();
        }
        long firstBit = (entry.iova - base) >>> pageShift();
        int unaligned = (int) (firstBit & 63);
        long address = target.data() + ((firstBit >>> 6) << 3);
        if (unaligned == 0 && WORDS_ARE_AS_THE_USER_WANTS_THEM) {
            target.memory().write(address, bitmap.words(), 0, bitmap.words().byteSize());
            return;
        }
        long words = ((long) unaligned + bitmap.pages() + 63) >>> 6;
        long page = -unaligned;
        for (long done = 0; done < words; ) {
            int count = (int) Math.min(words - done, CHUNK_WORDS);
            for (int i = 0; i < count; i++, page += 64) {
                chunk.set(UapiLayouts.U64, 8L * i, bitmap.bitsFrom(page));
            }
            if (done == 0 && unaligned != 0) {
                keepNeighboursBits(chunk, address, target);
            }
            target.memory().write(address + (done << 3), chunk, 0, 8L * count);
            done += count;
        }
    }

    /** Marks every page of every entry. */
    void markAll() {
        for (DmaEntry entry = state.entries.first(); entry != null; entry = state.entries.next(entry)) {
            entry.dirty().setAll();
        }
    }

    /** Marks what a copy or a pin touches; no effect while tracking is off. */
    void mark(DmaEntry entry, long iova, long length) {
        if (state.tracking) {
            int shift = pageShift();
            entry.dirty().set((iova - entry.iova) >>> shift, (iova + (length - 1) - entry.iova) >>> shift);
        }
    }

    private void markPins(DmaEntry entry) {
        ExternalPins pins = entry.pins;
        if (pins != null) {
            int shift = pageShift();
            DirtyBitmap bitmap = entry.dirty();
            pins.forEach((iova, phys) -> {
                long page = (iova - entry.iova) >>> shift;
                bitmap.set(page, page);
            });
        }
    }

    private static void keepNeighboursBits(MemorySegment chunk, long address, BitmapTarget target) {
        MemorySegment old = MemorySegment.ofArray(new long[1]);
        target.memory().read(address, old, 0, Long.BYTES);
        chunk.set(UapiLayouts.U64, 0, chunk.get(UapiLayouts.U64, 0) | old.get(UapiLayouts.U64, 0));
    }

    private int pageShift() {
        return Long.numberOfTrailingZeros(state.domains.smallestPage());
    }
}
