// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.memory;

import java.lang.foreign.MemorySegment;

/**
 * A user's memory (kernel: {@code mm_struct}): this JVM's registered segments, another process, or memory a VMM shared.
 * Identity is object identity. Thread-safe. Every method answers an address that is not there with EFAULT and never
 * crashes the JVM. Spec: type1 §9, §16.11; DESIGN §5.
 */
public interface AddressSpace {
    /** False once the user is gone; pins stay valid, new ones fail with EFAULT. */
    boolean alive();

    /**
     * Pins a range and reports where it is: all of it or nothing. Pages are populated and checked first. Each run is
     * counted in {@link PhysicalMemory}; the caller gives each back with {@link PhysicalMemory#unpin}. Nothing is charged.
     *
     * @param vaddr first byte, any alignment
     * @param length bytes, greater than zero; the range does not wrap
     * @param write whether the device may write: the memory must be writable then
     * @param sink gets the contiguous runs in address order, only if the whole range could be pinned
     * @throws org.vfio4j.uapi.VfioException EFAULT for memory that is not there, not writable, or gone
     */
    void pin(long vaddr, long length, boolean write, RunSink sink);

    /**
     * Copies from the user (kernel: {@code copy_from_user}).
     *
     * @throws org.vfio4j.uapi.VfioException EFAULT
     */
    void read(long vaddr, MemorySegment target, long targetOffset, long length);

    /**
     * Copies to the user (kernel: {@code copy_to_user}).
     *
     * @throws org.vfio4j.uapi.VfioException EFAULT
     */
    void write(long vaddr, MemorySegment source, long sourceOffset, long length);

    /**
     * Whether the whole range could be an address range of this user (kernel: {@code access_ok}); says nothing about
     * what is there.
     */
    boolean isUserRange(long vaddr, long length);

    /** Size in bytes of the pages behind an address: the base page size, or the huge page size (hugetlbfs). */
    long backingPageSize(long vaddr);

    /** What this address space has locked. */
    LockedMemory lockedMemory();
}
