// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import org.vfio4j.spi.memory.Protection;

/**
 * Layout of a page table entry: an address in bits 12 to 63, flags below. In an entry that maps a page the address is the
 * physical address, in one that leads to a table it is the table's number. 0 is an empty entry.
 */
final class Pte {
    /** Permission bits have the values of {@link Protection}. */
    static final long READ = Protection.READ;

    static final long WRITE = Protection.WRITE;
    /** Not empty, even when it allows nothing. */
    static final long PRESENT = 1 << 2;
    /** Leads to a table of the next lower level. */
    static final long TABLE = 1 << 3;
    /** A device read or wrote through it. */
    static final long ACCESSED = 1 << 5;
    /** A device wrote through it since the last clear. */
    static final long DIRTY = 1 << 6;

    /** Slots in a table: nine bits of address. */
    static final int SLOT_BITS = 9;

    static final int SLOTS = 1 << SLOT_BITS;
    /** Smallest page. */
    static final int PAGE_SHIFT = 12;

    private static final long ADDRESS = -(1L << PAGE_SHIFT);

    private Pte() {}

    static long page(long phys, int protection) {
        return phys | protection | PRESENT;
    }

    static long table(int number) {
        return ((long) number << PAGE_SHIFT) | PRESENT | TABLE;
    }

    static boolean isTable(long entry) {
        return (entry & TABLE) != 0;
    }

    static boolean isPage(long entry) {
        return (entry & (PRESENT | TABLE)) == PRESENT;
    }

    static int tableNumber(long entry) {
        return (int) (entry >>> PAGE_SHIFT);
    }

    static long phys(long entry) {
        return entry & ADDRESS;
    }

    /** How far the addresses of one level's neighbouring slots are apart, as a power of two; level 0 maps 4 KiB pages. */
    static int shift(int level) {
        return PAGE_SHIFT + level * SLOT_BITS;
    }

    static long size(int level) {
        return 1L << shift(level);
    }

    static int slot(long iova, int level) {
        return (int) (iova >>> shift(level)) & (SLOTS - 1);
    }
}
