// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import org.vfio4j.spi.host.TceTable;

/**
 * A DMA window of a container: a table in one of its slots, what was charged for it, and the locks of its entries (kernel:
 * {@code tce_container.tables[i]}). Spec: spapr §7, §10.
 */
final class DmaWindow {
    /** Entries that are worked on under one lock at a time. */
    static final int BLOCK = 512;

    private static final int BLOCK_SHIFT = 9;
    private static final int MAX_LOCKS = 128;
    private static final long GOLDEN_RATIO = 0x9E37_79B9_7F4A_7C15L;

    private final TceTable table;
    private final Charge charge;
    private final long startPage;
    private final long entries;
    private final int shift;
    private final EntryLock[] locks;
    private final int hashShift;

    DmaWindow(TceTable table, Charge charge) {
        this.table = table;
        this.charge = charge;
        this.shift = table.pageShift();
        this.startPage = table.startAddress() >>> shift;
        this.entries = table.entries();
        long blocks = Math.clamp((entries + BLOCK - 1) >>> BLOCK_SHIFT, 1, MAX_LOCKS);
        int bits = Long.SIZE - Long.numberOfLeadingZeros(blocks - 1);
        this.hashShift = Long.SIZE - bits;
        this.locks = new EntryLock[1 << bits];
        for (int i = 0; i < locks.length; i++) {
            locks[i] = new EntryLock();
        }
    }

    TceTable table() {
        return table;
    }

    /** Page size as a power of two. */
    int pageShift() {
        return shift;
    }

    long pageSize() {
        return 1L << shift;
    }

    long startAddress() {
        return table.startAddress();
    }

    /** Last bus address, inclusive. */
    long lastAddress() {
        return ((startPage + entries) << shift) - 1;
    }

    long entries() {
        return entries;
    }

    /** Whether a bus address lies in the window; compared in whole pages. */
    boolean contains(long address) {
        return Long.compareUnsigned((address >>> shift) - startPage, entries) < 0;
    }

    /** Entry of a bus address inside the window. */
    long entry(long address) {
        return (address >>> shift) - startPage;
    }

    /** Whether that many entries exist from one on. */
    boolean holds(long entry, long count) {
        return count <= entries - entry;
    }

    /** Entries from one on that its lock covers, at most {@code most}. */
    static int blockLength(long entry, long most) {
        return (int) Math.min(BLOCK - (entry & (BLOCK - 1)), most);
    }

    /** The lock of an entry and its block; scattered, so that users of areas far apart do not meet. */
    EntryLock lockOf(long entry) {
        return locks.length == 1 ? locks[0] : locks[(int) (((entry >>> BLOCK_SHIFT) * GOLDEN_RATIO) >>> hashShift)];
    }

    /** Frees the table and gives its charge back. Its entries are clear and no group has it set. */
    void free() {
        table.free();
        charge.giveBack();
    }

    @Override
    public String toString() {
        return "window [" + Refusal.hex(startAddress()) + ", " + Refusal.hex(lastAddress()) + "]";
    }
}
