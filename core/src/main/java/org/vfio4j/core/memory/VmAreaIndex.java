// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.memory;

import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Areas that do not overlap, by address (kernel: the maple tree of an {@code mm_struct}). Immutable: a reader works on one
 * state from start to end without a lock, a writer publishes the next state.
 *
 * <p>Sorted blocks of at most {@value #BLOCK} areas. A lookup is two binary searches and allocates nothing; a change copies
 * one block and the list of blocks, some kilobytes even with 65 000 areas.
 */
final class VmAreaIndex {
    static final VmAreaIndex EMPTY = new VmAreaIndex(new VmArea[0][]);

    private static final int BLOCK = 256;

    /** No block is empty. */
    private final VmArea[][] blocks;

    private VmAreaIndex(VmArea[][] blocks) {
        this.blocks = blocks;
    }

    /** The first area that ends after an address, whether or not it holds it (kernel: {@code find_vma}); null for none. */
    @Nullable
    VmArea find(long address) {
        int block = blockOf(address);
        if (block == blocks.length) {
            return null;
        }
        return blocks[block][placeIn(blocks[block], address)];
    }

    /** The area that holds an address, or null. */
    @Nullable
    VmArea at(long address) {
        VmArea area = find(address);
        return area != null && area.start() <= address ? area : null;
    }

    /** Without the areas that show an object where it is. */
    VmAreaIndex withoutAreasOf(VmObject object) {
        VmAreaIndex next = this;
        for (VmArea area = next.find(object.start);
                area != null && area.start() < object.end();
                area = next.find(area.end())) {
            if (area.object() == object) {
                next = next.without(area);
            }
        }
        return next;
    }

    /**
     * Without a range of one object; what its areas have beyond the range stays.
     *
     * @param operation for the refusal's sentence
     * @throws VfioException EINVAL when part of the range shows something else, or nothing
     */
    VmAreaIndex carve(String operation, VmObject object, long start, long end) {
        VmAreaIndex next = this;
        for (long at = start; at < end; ) {
            VmArea area = next.at(at);
            if (area == null || area.object() != object) {
                throw new VfioException(Errno.EINVAL, operation + ": nothing is known at 0x" + Long.toHexString(at));
            }
            long stop = Math.min(area.end(), end);
            next = next.without(area).withPart(area.before(at)).withPart(area.from(stop));
            at = stop;
        }
        return next;
    }

    private VmAreaIndex withPart(@Nullable VmArea part) {
        return part == null ? this : with(part);
    }

    /**
     * Checks that nothing is shown in a range.
     *
     * @throws VfioException EEXIST
     */
    void requireUnknown(long start, long end) {
        for (VmArea area = find(start); area != null && area.start() < end; area = find(area.end())) {
            if (area.object().inPlace()) {
                throw new VfioException(
                        Errno.EEXIST,
                        "register: 0x" + Long.toHexString(Math.max(start, area.start())) + " is known here already");
            }
        }
    }

    /** With one more area, which overlaps none that is here. */
    VmAreaIndex with(VmArea area) {
        if (blocks.length == 0) {
            return new VmAreaIndex(new VmArea[][] {{area}});
        }
        int at = Math.min(blockOf(area.start()), blocks.length - 1);
        VmArea[] old = blocks[at];
        int place = placeIn(old, area.start());
        VmArea[] grown = new VmArea[old.length + 1];
        System.arraycopy(old, 0, grown, 0, place);
        grown[place] = area;
        System.arraycopy(old, place, grown, place + 1, old.length - place);
        if (grown.length <= BLOCK) {
            VmArea[][] next = blocks.clone();
            next[at] = grown;
            return new VmAreaIndex(next);
        }
        VmArea[][] next = new VmArea[blocks.length + 1][];
        System.arraycopy(blocks, 0, next, 0, at);
        next[at] = Arrays.copyOfRange(grown, 0, BLOCK / 2);
        next[at + 1] = Arrays.copyOfRange(grown, BLOCK / 2, grown.length);
        System.arraycopy(blocks, at + 1, next, at + 2, blocks.length - at - 1);
        return new VmAreaIndex(next);
    }

    /** Without an area that is here. */
    VmAreaIndex without(VmArea area) {
        int at = blockOf(area.start());
        VmArea[] old = blocks[at];
        int place = placeIn(old, area.start());
        if (old.length == 1) {
            VmArea[][] next = new VmArea[blocks.length - 1][];
            System.arraycopy(blocks, 0, next, 0, at);
            System.arraycopy(blocks, at + 1, next, at, next.length - at);
            return new VmAreaIndex(next);
        }
        VmArea[] shrunk = new VmArea[old.length - 1];
        System.arraycopy(old, 0, shrunk, 0, place);
        System.arraycopy(old, place + 1, shrunk, place, shrunk.length - place);
        VmArea[][] next = blocks.clone();
        next[at] = shrunk;
        return new VmAreaIndex(next);
    }

    void forEach(Consumer<VmArea> action) {
        for (VmArea[] block : blocks) {
            for (VmArea area : block) {
                action.accept(area);
            }
        }
    }

    /** The first block with an area that ends after the address. */
    private int blockOf(long address) {
        int low = 0;
        int high = blocks.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            VmArea[] block = blocks[middle];
            if (block[block.length - 1].end() > address) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }

    private static int placeIn(VmArea[] block, long address) {
        int low = 0;
        int high = block.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (block[middle].end() > address) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }
}
