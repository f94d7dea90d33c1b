// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.memory.AddressSpace;
import org.vfio4j.spi.memory.Protection;

/**
 * One MAP_DMA (kernel: {@code struct vfio_dma}). Ends are inclusive, so an entry may end at 2^64-1. Mutable fields are
 * guarded by the instance lock. Small on purpose: a container holds tens of thousands; one physical run is kept in the
 * entry itself, several in one array. Spec: type1 §3.
 */
final class DmaEntry {
    private static final long NOT_PINNED = 0;

    /** First address. */
    final long iova;
    /** Last address, inclusive. */
    final long last;
    /** Access the device gets, a mask of {@link Protection}. */
    final byte protection;

    /** Where the owner has the memory now. */
    long vaddr;
    /** Who is charged. */
    Caller owner;
    /** The owner's memory; the identity that MAP with VADDR compares. */
    AddressSpace memory;
    /** Whether the owner was exempt from the limit (CAP_IPC_LOCK) when recorded. */
    boolean lockExempt;
    /** False between UNMAP with VADDR and MAP with VADDR. */
    boolean vaddrValid = true;
    /** Whether the whole entry is pinned and translated by every domain. */
    boolean mapped;
    /** Pages charged to the owner for this entry. */
    long chargedPages;
    /** Pages pinned one by one for devices without DMA of their own. */
    @Nullable
    ExternalPins pins;
    /** Present while tracking is on. */
    @Nullable
    DirtyBitmap dirty;

    /** Physical address when the entry is one run, else {@link #NOT_PINNED}. */
    private long phys = NOT_PINNED;
    /** Pairs of physical address and length when the entry is several runs. */
    private long @Nullable [] runs;

    DmaEntry(long iova, long size, long vaddr, int protection, Caller owner, boolean lockExempt) {
        this.iova = iova;
        this.last = iova + (size - 1);
        this.vaddr = vaddr;
        this.protection = (byte) protection;
        this.owner = owner;
        this.memory = owner.memory();
        this.lockExempt = lockExempt;
    }

    /** Bytes, an unsigned number. */
    long size() {
        return last - iova + 1;
    }

    boolean readable() {
        return (protection & Protection.READ) != 0;
    }

    boolean writable() {
        return (protection & Protection.WRITE) != 0;
    }

    boolean contains(long address) {
        return Long.compareUnsigned(iova, address) <= 0 && Long.compareUnsigned(address, last) <= 0;
    }

    boolean hasPins() {
        return pins != null && pins.pages() > 0;
    }

    /** Pages charged for external pins alone: what stays charged when no domain maps the entry. */
    long pinnedPages() {
        return pins == null ? 0 : pins.pages();
    }

    /** The bitmap, which is there while tracking is on. */
    DirtyBitmap dirty() {
        if (dirty == null) {
            throw new IllegalStateException("tracking is on and the entry has no bitmap");
        }
        return dirty;
    }

    /** The user's address that belongs to an address in this entry. */
    long vaddrOf(long address) {
        return vaddr + (address - iova);
    }

    int runCount() {
        if (runs != null) {
            return runs.length / 2;
        }
        return phys == NOT_PINNED ? 0 : 1;
    }

    long runPhys(int run) {
        return runs != null ? runs[2 * run] : phys;
    }

    long runLength(int run) {
        return runs != null ? runs[2 * run + 1] : size();
    }

    /** Takes over where the memory is. */
    void pinnedAt(long onlyPhys) {
        phys = onlyPhys;
        runs = null;
    }

    /** Takes over where the memory is, in several runs. */
    void pinnedAt(long[] pairs) {
        phys = NOT_PINNED;
        runs = pairs;
    }

    void notPinned() {
        phys = NOT_PINNED;
        runs = null;
    }
}
