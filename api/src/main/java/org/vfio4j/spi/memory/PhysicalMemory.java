// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.memory;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The table of all memory that devices can be made to reach. A physical address is a stable handle: backing object and
 * offset in one long, never 0. Bits 40 to 63 name the backing object, bits 0 to 39 are the place in it. Adjacent bytes of
 * one backing object have adjacent physical addresses; the low 30 bits equal those of the backing object's
 * {@linkplain BackingMemory#alignmentAddress() alignment address}.
 *
 * <p>Pins are counted per backing object: memory removed by its owner stays valid until its last pin is gone.
 * Kernel counterpart: page frames and {@code pin_user_pages}. Thread-safe; {@link #backing} and {@link #offset} take no
 * lock and do not allocate.
 */
public interface PhysicalMemory {
    /** Position of the backing object's number in a physical address. */
    int BACKING_SHIFT = 40;

    /** The base page size (kernel: {@code PAGE_SIZE}) in bytes, a power of two. */
    int pageSize();

    /**
     * Makes memory addressable.
     *
     * @return the physical address of its first byte
     * @throws org.vfio4j.uapi.VfioException ENOMEM when all backing numbers are in use
     */
    long insert(BackingMemory backing);

    /** Takes memory out; it is {@linkplain BackingMemory#release() released} now or when its last pin goes. */
    void remove(long phys);

    /**
     * The object behind an address, or null when there is none.
     *
     * @param phys any physical address
     */
    @Nullable
    BackingMemory backing(long phys);

    /** Offset of a physical address in its backing object; meaningful only when {@link #backing} is not null. */
    long offset(long phys);

    /**
     * Counts a pin of every page touched by the range.
     *
     * @return false when the memory has been removed already, nothing is counted then
     */
    boolean pin(long phys, long length);

    /**
     * Takes back a pin of the same range (kernel: {@code unpin_user_pages_dirty_lock}). May release the memory.
     *
     * @param dirty whether a device may have written it
     */
    void unpin(long phys, long length, boolean dirty);

    /** Pages pinned at this moment, over all memory; 0 when nobody holds anything. For invariant checks. */
    long pinnedPages();

    /**
     * Copies from physical memory.
     *
     * @return false when the memory is gone
     */
    boolean read(long phys, MemorySegment target, long targetOffset, long length);

    /**
     * Copies to physical memory.
     *
     * @return false when the memory is gone or not writable
     */
    boolean write(long phys, MemorySegment source, long sourceOffset, long length);
}
