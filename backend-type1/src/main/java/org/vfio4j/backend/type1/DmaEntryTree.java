// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import org.jspecify.annotations.Nullable;

/**
 * DMA entries in order of their first address, compared unsigned (kernel: the red-black tree {@code dma_list}).
 *
 * <p>Entries are gathered in {@linkplain DmaBlock blocks} by the 2 MiB in which they start, and the blocks are in a
 * {@linkplain DmaBlockTree tree}, and in an {@linkplain DmaBlockIndex index} for those who know which they want. Beside a million mappings of one page there are some thousand blocks, whose bits and tree stay
 * in the processor's caches; what a call reads beyond is the place of the entry itself. The block that was looked at last is
 * remembered, since a call asks for the same place several times.
 *
 * <p>Entries start and end with pages of 4 KiB or more and never overlap, so the order by first address is the order by last
 * address too. Not thread-safe: the instance lock guards it, also for look-ups.
 */
final class DmaEntryTree {
    private final DmaBlockTree blocks = new DmaBlockTree();
    private final DmaBlockIndex index = new DmaBlockIndex();
    private final DmaEntryNumbers numbers = new DmaEntryNumbers();
    private int size;

    /** The block looked at last; not empty. */
    private @Nullable DmaBlock recent;
    /** The block that became empty last, for the next that is needed. */
    private @Nullable DmaBlock spare;
    /** Written so that no compiler leaves out what was read for it, see {@link #prefetch}. */
    @SuppressWarnings({"unused", "UnusedVariable"})
    private int touched;

    int size() {
        return size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** The entry with the lowest address. */
    @Nullable
    DmaEntry first() {
        return firstOf(blocks.higher(-1));
    }

    /** The entry with the greatest first address that is not above {@code iova}. */
    @Nullable
    DmaEntry floor(long iova) {
        DmaBlock block = blockOf(iova);
        int page = block == null ? DmaBlock.NONE : block.floor(DmaBlock.page(iova));
        if (block != null && page != DmaBlock.NONE) {
            return block.entry(page);
        }
        DmaBlock below = blocks.floor(DmaBlock.number(iova) - 1);
        return below == null ? null : below.entry(below.last());
    }

    /** The entry with the smallest first address above {@code iova}. */
    @Nullable
    DmaEntry higher(long iova) {
        DmaBlock block = blockOf(iova);
        int page = block == null ? DmaBlock.NONE : block.higher(DmaBlock.page(iova));
        return block != null && page != DmaBlock.NONE
                ? block.entry(page)
                : firstOf(blocks.higher(DmaBlock.number(iova)));
    }

    /** The entry that holds an address. */
    @Nullable
    DmaEntry containing(long address) {
        DmaBlock block = blockOf(address);
        int page = block == null ? DmaBlock.NONE : block.floor(DmaBlock.page(address));
        if (page == DmaBlock.NONE) {
            block = blocks.floor(DmaBlock.number(address) - 1);
            page = block == null ? DmaBlock.NONE : block.last();
        }
        return block != null && block.reaches(page, address) ? block.entry(page) : null;
    }

    /** The lowest entry that ends at or after an address, whether it holds the address or lies above. */
    @Nullable
    DmaEntry firstReaching(long address) {
        DmaEntry holding = containing(address);
        return holding != null ? holding : higher(address);
    }

    /** The lowest entry that overlaps a range with an inclusive end. */
    @Nullable
    DmaEntry firstOverlapping(long start, long last) {
        DmaEntry holding = containing(start);
        if (holding != null) {
            return holding;
        }
        DmaBlock block = blockOf(start);
        int page = block == null ? DmaBlock.NONE : block.higher(DmaBlock.page(start));
        if (page == DmaBlock.NONE) {
            if (DmaBlock.number(last) == DmaBlock.number(start)) {
                return null;
            }
            block = blocks.higher(DmaBlock.number(start));
            page = block == null ? DmaBlock.NONE : block.first();
        }
        return block != null && Long.compareUnsigned(block.address(page), last) <= 0 ? block.entry(page) : null;
    }

    /** The next entry in address order. */
    @Nullable
    DmaEntry next(DmaEntry entry) {
        return higher(entry.iova);
    }

    /** Adds an entry that overlaps no other. */
    void insert(DmaEntry entry) {
        DmaBlock block = blockOf(entry.iova);
        if (block == null) {
            index.reserve();
            block = emptyBlock(DmaBlock.number(entry.iova));
            block.add(entry);
            insert(block, entry);
            recent = block;
        } else {
            block.add(entry);
        }
        size++;
    }

    /**
     * Reads the place of the entry that starts at an address, or would: it lies in memory no cache holds, and is needed after the
     * bits of its block, which lie in other memory. Read together they arrive together.
     */
    void prefetch(long iova) {
        DmaBlock block = blockOf(iova);
        if (block != null) {
            touched = block.touch(DmaBlock.page(iova));
        }
    }

    /** Adds a block with its only entry, or leaves the entry without a number. */
    private void insert(DmaBlock block, DmaEntry entry) {
        boolean done = false;
        try {
            blocks.insert(block);
            done = true;
        } finally {
            if (!done) {
                block.remove(entry);
            }
        }
        index.put(block);
    }

    /** Removes an entry that is in the tree. */
    void remove(DmaEntry entry) {
        DmaBlock block = blockOf(entry.iova);
        if (block == null) {
            throw new IllegalStateException("entry is not in the tree");
        }
        block.remove(entry);
        if (block.isEmpty()) {
            blocks.remove(block);
            index.remove(block.number());
            recent = null;
            spare = block;
        }
        size--;
    }

    /** The block in which entries start that start near an address. */
    private @Nullable DmaBlock blockOf(long iova) {
        long number = DmaBlock.number(iova);
        DmaBlock known = recent;
        if (known != null && known.number() == number) {
            return known;
        }
        DmaBlock found = index.find(number);
        if (found != null) {
            recent = found;
        }
        return found;
    }

    private DmaBlock emptyBlock(long number) {
        DmaBlock kept = spare;
        if (kept == null) {
            return new DmaBlock(number, numbers);
        }
        spare = null;
        kept.renumber(number);
        return kept;
    }

    private static @Nullable DmaEntry firstOf(@Nullable DmaBlock block) {
        return block == null ? null : block.entry(block.first());
    }
}
