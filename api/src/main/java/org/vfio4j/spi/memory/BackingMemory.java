// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.memory;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * One object that holds bytes: an off-heap allocation, a mapped file, another process' memory. It becomes addressable by
 * devices when {@link PhysicalMemory#insert inserted}. All methods may be called by any thread at any time; none may
 * crash the JVM when the bytes are gone.
 */
public interface BackingMemory {
    /** Size in bytes, greater than zero, at most 2^39. */
    long size();

    /**
     * The address whose low bits the physical address shall share, so that what is aligned for the user is aligned for
     * the IOMMU's large pages too; normally the user's virtual address of byte 0.
     */
    long alignmentAddress();

    /** Whether the bytes may be written. */
    boolean writable();

    /**
     * Whether the bytes are a device's registers or on-board memory instead of RAM (kernel: pages without a normal
     * {@code struct page}). Such memory may be mapped for DMA, is never charged as locked, and cannot be pinned page by page
     * for devices without DMA of their own. Spec: type1 §9.2.
     */
    default boolean deviceMemory() {
        return false;
    }

    /**
     * A direct view of all {@link #size()} bytes, or null when they can be reached by {@link #read} and {@link #write}
     * only. The same object on every call. Access through it may throw {@link IllegalStateException} (scope closed) or
     * {@link InternalError} (file truncated): users of the view turn both into a DMA fault. Compiled code throws the
     * latter only at its next safepoint poll, maybe after the try block around the access; {@link PhysicalMemory#read}
     * and {@link PhysicalMemory#write} take care of that.
     */
    @Nullable
    MemorySegment segment();

    /**
     * Copies out of this memory.
     *
     * @return false when the bytes are no longer there; the target's content is then undefined
     */
    boolean read(long offset, MemorySegment target, long targetOffset, long length);

    /**
     * Copies into this memory.
     *
     * @return false when the bytes are no longer there or not writable
     */
    boolean write(long offset, MemorySegment source, long sourceOffset, long length);

    /**
     * Called when a pin has been given back and no other was left, by whoever gave it back, maybe with a backend's locks held;
     * new pins may have been taken since. An owner that keeps memory only while somebody uses it
     * {@linkplain PhysicalMemory#remove removes} it now. Must be brief and not throw.
     */
    default void unpinned() {}

    /** Called once, when the owner removed the memory and the last pin is gone. Frees what the memory holds. */
    void release();
}
