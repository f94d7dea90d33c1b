// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.host;

/**
 * A translation control entry table: 64-bit big-endian entries, address plus {@link org.vfio4j.spi.memory.Protection}
 * bits (kernel: {@code struct iommu_table}). Entry numbers count from the window's start. Entry exchange is atomic; other
 * calls are thread-safe. Spec: spapr §10.
 */
public interface TceTable {
    /** First bus address of the window. */
    long startAddress();

    /** Number of entries. */
    long entries();

    /** Size of a page of the window as a power of two. */
    int pageShift();

    /** Bytes charged for the table. */
    long allocatedSize();

    /**
     * Stores an entry.
     *
     * @param phys physical address, multiple of the page size; ignored when protection is 0
     * @param protection 0 clears
     * @return the old entry: address with protection in the low bits, 0 when it was clear
     * @throws org.vfio4j.uapi.VfioException ENOMEM when a lower table level cannot be allocated
     */
    long exchange(long entry, long phys, int protection);

    /** The entry: address with protection in the low bits, 0 when clear. */
    long entry(long entry);

    /** The user address recorded for an entry, 0 when none. */
    long userAddress(long entry);

    /** Records the user address of an entry, for finding the registered memory when the entry is cleared. */
    void setUserAddress(long entry, long vaddr);

    /** The first entry at or after one that may be in use, skipping table levels that do not exist; entries() if none. */
    long nextAllocated(long entry);

    /** Invalidates cached translations of a range and waits until no DMA uses them. */
    void invalidate(long firstEntry, long count);

    /** Frees the table; no group may have it set. */
    void free();
}
