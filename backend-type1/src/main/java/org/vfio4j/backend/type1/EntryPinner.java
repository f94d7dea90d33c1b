// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import java.util.Arrays;
import org.vfio4j.spi.memory.BackingMemory;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.memory.RunSink;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Pins whole entries in their owner's memory and charges them. One per instance, used under the instance lock: runs are
 * collected in a buffer that is kept between calls. Spec: type1 §9.1-9.7.
 */
final class EntryPinner implements RunSink {
    private static final int FIRST_CAPACITY = 16;
    /** A larger buffer is dropped after use. */
    private static final int KEPT_CAPACITY = 1 << 14;

    private final PhysicalMemory physical;
    private final Accounting accounting;
    private long[] pairs = new long[FIRST_CAPACITY];
    private int used;

    EntryPinner(PhysicalMemory physical, Accounting accounting) {
        this.physical = physical;
        this.accounting = accounting;
    }

    /**
     * Pins and charges all of an entry that is not pinned. Pages pinned one by one before are charged already.
     *
     * @throws org.vfio4j.uapi.VfioException EFAULT, ENOMEM; nothing is pinned or charged then
     */
    void pin(DmaEntry entry) {
        long size = entry.size();
        if (size < 0) {
            throw Refusal.of(Errno.EFAULT, "MAP_DMA", "no user has 0x" + Long.toHexString(size) + " bytes");
        }
        refuseOverLimit(entry, size);
        boolean done = false;
        try {
            collect(entry, 0, size);
            accounting.charge(entry, chargeable());
            if (used == 2) {
                entry.pinnedAt(pairs[0]);
            } else {
                entry.pinnedAt(Arrays.copyOf(pairs, used));
            }
            used = 0;
            done = true;
        } finally {
            if (!done) {
                giveBack(entry);
            }
            if (pairs.length > KEPT_CAPACITY) {
                pairs = new long[FIRST_CAPACITY];
            }
        }
    }

    /** Gives a pinned entry's pages back and its charge but for pages pinned one by one. Translations are gone already. */
    void unpin(DmaEntry entry) {
        int runs = entry.runCount();
        for (int run = 0; run < runs; run++) {
            physical.unpin(entry.runPhys(run), entry.runLength(run), entry.writable());
        }
        entry.notPinned();
        accounting.settle(entry, entry.pinnedPages());
    }

    /** Gives back pages pinned one by one, whoever holds them, and their charge if they have one of their own. */
    void dropPins(DmaEntry entry) {
        ExternalPins pins = entry.pins;
        if (pins == null) {
            return;
        }
        int pageSize = physical.pageSize();
        boolean dirty = entry.writable();
        pins.forEach((iova, phys) -> physical.unpin(phys, pageSize, dirty));
        if (!entry.mapped) {
            accounting.settle(entry, 0);
        }
        entry.pins = null;
    }

    @Override
    public void run(long phys, long length) {
        if (used == pairs.length) {
            pairs = Arrays.copyOf(pairs, 2 * used);
        }
        pairs[used++] = phys;
        pairs[used++] = length;
    }

    /**
     * Pages are found one after the other, and the limit is met before a bad page that lies behind it: what exceeds the
     * limit is refused for that reason, and without making the user's whole range resident first.
     */
    private void refuseOverLimit(DmaEntry entry, long size) {
        long room = accounting.room(entry);
        long already = entry.pinnedPages();
        if (accounting.pages(size) - already <= room) {
            return;
        }
        long most = Math.max(room, 0) + already;
        long counted = 0;
        boolean cautious = false;
        for (long looked = 0; looked < size; ) {
            // As many pages as could be too many; more after a device's memory, unless that meets a bad page.
            long least = (most + 1 - counted) * physical.pageSize();
            long step = Math.min(size - looked, cautious ? least : Math.max(least, looked));
            try {
                collect(entry, looked, step);
            } catch (VfioException bad) {
                if (step <= least) {
                    throw bad;
                }
                cautious = true;
                continue;
            }
            counted += chargeable();
            giveBack(entry);
            looked += step;
            if (counted > most) {
                throw accounting.overLimit(entry, counted - already);
            }
        }
    }

    private void collect(DmaEntry entry, long offset, long length) {
        used = 0;
        entry.memory.pin(entry.vaddr + offset, length, entry.writable(), this);
        if (used == 0) {
            throw Refusal.of(Errno.EFAULT, "MAP_DMA", "nothing is at 0x" + Long.toHexString(entry.vaddr + offset));
        }
    }

    /** Pages collected that count as locked: all but device memory. */
    private long chargeable() {
        long pages = 0;
        for (int i = 0; i < used; i += 2) {
            if (!isDeviceMemory(pairs[i])) {
                pages += accounting.pages(pairs[i + 1]);
            }
        }
        return pages;
    }

    boolean isDeviceMemory(long phys) {
        BackingMemory backing = physical.backing(phys);
        return backing != null && backing.deviceMemory();
    }

    private void giveBack(DmaEntry entry) {
        for (int i = 0; i < used; i += 2) {
            physical.unpin(pairs[i], pairs[i + 1], entry.writable());
        }
        used = 0;
    }
}
