// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A node of the {@link DmaBlockTree}: sorted keys, each with a block (leaf) or a child (inner node). */
final class DmaBlockNode {
    static final int CAPACITY = 32;

    final boolean leaf;
    int count;

    private final long[] keys = new long[CAPACITY];
    private final @Nullable Object[] slots = new @Nullable Object[CAPACITY];

    DmaBlockNode(boolean leaf) {
        this.leaf = leaf;
    }

    long key(int index) {
        return keys[index];
    }

    /** Of an inner node: the smallest key below a child. */
    void key(int index, long key) {
        keys[index] = key;
    }

    DmaBlock block(int index) {
        return (DmaBlock) slot(index);
    }

    DmaBlockNode child(int index) {
        return (DmaBlockNode) slot(index);
    }

    private Object slot(int index) {
        Object slot = slots[index];
        if (slot == null) {
            throw new IllegalStateException("no slot " + index + " of " + count);
        }
        return slot;
    }

    /** Index of the last key that is not above {@code key}, -1 when all are. */
    int floorIndex(long key) {
        int low = 0;
        int high = count;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (keys[middle] <= key) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low - 1;
    }

    void insert(int index, long key, Object slot) {
        System.arraycopy(keys, index, keys, index + 1, count - index);
        keys[index] = key;
        System.arraycopy(slots, index, slots, index + 1, count - index);
        slots[index] = slot;
        count++;
    }

    void removeAt(int index) {
        count--;
        System.arraycopy(keys, index + 1, keys, index, count - index);
        System.arraycopy(slots, index + 1, slots, index, count - index);
        slots[count] = null;
    }

    /** Moves everything behind the content of the left neighbour, which has room. */
    void mergeInto(DmaBlockNode left) {
        moveHead(count, left);
    }

    /** Moves everything from {@code from} on before the content of the right neighbour, which has room. */
    void moveTail(int from, DmaBlockNode right) {
        int moved = count - from;
        right.shift(moved);
        copy(from, right, 0, moved);
        right.count += moved;
        clear(from);
    }

    /** Moves the first {@code moved} items behind the left neighbour's. */
    void moveHead(int moved, DmaBlockNode left) {
        copy(0, left, left.count, moved);
        left.count += moved;
        int rest = count - moved;
        copy(moved, this, 0, rest);
        clear(rest);
    }

    private void shift(int by) {
        copy(0, this, by, count);
    }

    private void copy(int from, DmaBlockNode to, int at, int items) {
        System.arraycopy(keys, from, to.keys, at, items);
        System.arraycopy(slots, from, to.slots, at, items);
    }

    private void clear(int from) {
        Arrays.fill(slots, from, count, null);
        count = from;
    }
}
