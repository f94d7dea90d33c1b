// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A node of the {@link DmaEntryTree}: sorted keys, each with an entry (leaf) or a child (inner node). A leaf has the last
 * addresses of its entries beside the keys, so that no entry is read to find out that it is not the one.
 */
final class DmaEntryNode {
    static final int CAPACITY = 32;

    final boolean leaf;
    int count;
    /** Keys; in a leaf the last addresses follow from {@link #CAPACITY} on, in the same signed order. */
    private final long[] keys;

    private final @Nullable Object[] slots = new @Nullable Object[CAPACITY];

    DmaEntryNode(boolean leaf) {
        this.leaf = leaf;
        this.keys = new long[leaf ? 2 * CAPACITY : CAPACITY];
    }

    long key(int index) {
        return keys[index];
    }

    /** Of an inner node: the smallest key below a child. */
    void key(int index, long key) {
        keys[index] = key;
    }

    /** Of a leaf: where an entry ends, inclusive, in the order of keys. */
    long last(int index) {
        return keys[CAPACITY + index];
    }

    DmaEntry entry(int index) {
        return (DmaEntry) slot(index);
    }

    DmaEntryNode child(int index) {
        return (DmaEntryNode) slot(index);
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

    void insert(int index, long key, long last, Object slot) {
        open(keys, index);
        keys[index] = key;
        if (leaf) {
            open(keys, CAPACITY + index, CAPACITY + count);
            keys[CAPACITY + index] = last;
        }
        System.arraycopy(slots, index, slots, index + 1, count - index);
        slots[index] = slot;
        count++;
    }

    private void open(long[] array, int index) {
        open(array, index, count);
    }

    private static void open(long[] array, int from, int to) {
        System.arraycopy(array, from, array, from + 1, to - from);
    }

    void removeAt(int index) {
        count--;
        System.arraycopy(keys, index + 1, keys, index, count - index);
        if (leaf) {
            System.arraycopy(keys, CAPACITY + index + 1, keys, CAPACITY + index, count - index);
        }
        System.arraycopy(slots, index + 1, slots, index, count - index);
        slots[count] = null;
    }

    /** Moves everything behind the content of the left neighbour, which has room. */
    void mergeInto(DmaEntryNode left) {
        moveHead(count, left);
    }

    /** Moves everything from {@code from} on before the content of the right neighbour, which has room. */
    void moveTail(int from, DmaEntryNode right) {
        int moved = count - from;
        right.shift(moved);
        copy(from, right, 0, moved);
        right.count += moved;
        clear(from);
    }

    /** Moves the first {@code moved} items behind the left neighbour's. */
    void moveHead(int moved, DmaEntryNode left) {
        copy(0, left, left.count, moved);
        left.count += moved;
        int rest = count - moved;
        copy(moved, this, 0, rest);
        clear(rest);
    }

    private void shift(int by) {
        copy(0, this, by, count);
    }

    private void copy(int from, DmaEntryNode to, int at, int items) {
        System.arraycopy(keys, from, to.keys, at, items);
        if (leaf) {
            System.arraycopy(keys, CAPACITY + from, to.keys, CAPACITY + at, items);
        }
        System.arraycopy(slots, from, to.slots, at, items);
    }

    private void clear(int from) {
        Arrays.fill(slots, from, count, null);
        count = from;
    }
}
