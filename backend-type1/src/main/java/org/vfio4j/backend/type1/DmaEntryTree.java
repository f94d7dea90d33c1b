// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * DMA entries in order of their first address, compared unsigned (kernel: the red-black tree {@code dma_list}).
 *
 * <p>A B+-tree with primitive keys: a look-up among a million entries reads four or five nodes instead of twenty, and
 * nothing is boxed. Each key of an inner node is exactly the smallest key below the child beside it. Insertion allocates
 * only when a node splits, and a node freed by the last merge is used first; removal never allocates. Entries never
 * overlap, so the order by first address is the order by last address too. Not thread-safe: the instance lock guards it.
 */
final class DmaEntryTree {
    private static final int CAPACITY = 32;
    /** A node that falls below is merged with its neighbour, or takes from it. */
    private static final int MINIMUM = CAPACITY / 4;

    private Node root = new Node(true);
    private int size;
    private @Nullable Node spare;

    int size() {
        return size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** The entry with the lowest address. */
    @Nullable
    DmaEntry first() {
        return size == 0 ? null : leftmost(root);
    }

    /** The entry with the greatest first address that is not above {@code iova}. */
    @Nullable
    DmaEntry floor(long iova) {
        long key = key(iova);
        Node node = root;
        while (true) {
            int index = node.floorIndex(key);
            if (index < 0) {
                return null;
            }
            if (node.leaf) {
                return node.entry(index);
            }
            node = node.child(index);
        }
    }

    /** The entry with the smallest first address above {@code iova}. */
    @Nullable
    DmaEntry higher(long iova) {
        long key = key(iova);
        Node node = root;
        Node beside = null;
        while (true) {
            int index = node.floorIndex(key);
            if (node.leaf) {
                if (index + 1 < node.count) {
                    return node.entry(index + 1);
                }
                return beside == null ? null : leftmost(beside);
            }
            if (index + 1 < node.count) {
                beside = node.child(index + 1);
            }
            if (index < 0) {
                return beside == null ? null : leftmost(beside);
            }
            node = node.child(index);
        }
    }

    /** The entry that holds an address. */
    @Nullable
    DmaEntry containing(long address) {
        DmaEntry entry = floor(address);
        return entry != null && entry.contains(address) ? entry : null;
    }

    /** The lowest entry that ends at or after an address; one descent, whether it holds the address or lies above. */
    @Nullable
    DmaEntry firstReaching(long address) {
        long key = key(address);
        Node node = root;
        Node beside = null;
        while (true) {
            int index = node.floorIndex(key);
            if (node.leaf && index >= 0 && node.entry(index).contains(address)) {
                return node.entry(index);
            }
            if (node.leaf && index + 1 < node.count) {
                return node.entry(index + 1);
            }
            if (!node.leaf && index + 1 < node.count) {
                beside = node.child(index + 1);
            }
            if (node.leaf || index < 0) {
                return beside == null ? null : leftmost(beside);
            }
            node = node.child(index);
        }
    }

    /** The lowest entry that overlaps a range with an inclusive end. */
    @Nullable
    DmaEntry firstOverlapping(long start, long last) {
        DmaEntry entry = firstReaching(start);
        return entry != null && Long.compareUnsigned(entry.iova, last) <= 0 ? entry : null;
    }

    /** The next entry in address order. */
    @Nullable
    DmaEntry next(DmaEntry entry) {
        return higher(entry.iova);
    }

    /** Adds an entry that overlaps no other. */
    void insert(DmaEntry entry) {
        Node split = insert(root, key(entry.iova), entry);
        if (split != null) {
            Node top = new Node(false);
            top.append(root);
            top.append(split);
            root = top;
        }
        size++;
    }

    /** Removes an entry that is in the tree. */
    void remove(DmaEntry entry) {
        remove(root, key(entry.iova));
        while (!root.leaf && root.count == 1) {
            root = root.child(0);
        }
        if (!root.leaf && root.count == 0) {
            root = new Node(true);
        }
        size--;
    }

    private @Nullable Node insert(Node node, long key, DmaEntry entry) {
        int index = node.floorIndex(key);
        if (node.leaf) {
            return insertAt(node, index + 1, key, entry);
        }
        int below = Math.max(index, 0);
        Node child = node.child(below);
        Node split = insert(child, key, entry);
        node.keys[below] = child.keys[0];
        return split == null ? null : insertAt(node, below + 1, split.keys[0], split);
    }

    private @Nullable Node insertAt(Node node, int index, long key, Object slot) {
        if (node.count < CAPACITY) {
            node.insert(index, key, slot);
            return null;
        }
        Node right = newNode(node.leaf);
        if (index == CAPACITY) {
            right.insert(0, key, slot); // ascending addresses fill nodes completely
            return right;
        }
        node.moveTail(CAPACITY / 2, right);
        if (index <= node.count) {
            node.insert(index, key, slot);
        } else {
            right.insert(index - node.count, key, slot);
        }
        return right;
    }

    private void remove(Node node, long key) {
        int index = node.floorIndex(key);
        if (index < 0) {
            throw new IllegalStateException("entry is not in the tree");
        }
        if (node.leaf) {
            if (node.keys[index] != key) {
                throw new IllegalStateException("entry is not in the tree");
            }
            node.removeAt(index);
            return;
        }
        Node child = node.child(index);
        remove(child, key);
        if (child.count < MINIMUM) {
            rebalance(node, index);
        } else {
            node.keys[index] = child.keys[0];
        }
    }

    /** Child {@code index} became small: merges it with a neighbour or evens both out. */
    private void rebalance(Node node, int index) {
        if (node.count == 1) {
            Node only = node.child(0);
            if (only.count == 0) {
                node.removeAt(0);
            } else {
                node.keys[0] = only.keys[0];
            }
            return;
        }
        int at = Math.max(index - 1, 0);
        Node left = node.child(at);
        Node right = node.child(at + 1);
        int total = left.count + right.count;
        if (total <= CAPACITY) {
            right.moveTail(0, left);
            node.removeAt(at + 1);
            spare = right;
        } else if (left.count < right.count) {
            right.moveHead(right.count - total / 2, left);
            node.keys[at + 1] = right.keys[0];
        } else {
            left.moveTail(total / 2, right);
            node.keys[at + 1] = right.keys[0];
        }
        node.keys[at] = left.keys[0];
    }

    private Node newNode(boolean leaf) {
        Node kept = spare;
        if (kept != null && kept.leaf == leaf) {
            spare = null;
            return kept;
        }
        return new Node(leaf);
    }

    private static DmaEntry leftmost(Node node) {
        Node at = node;
        while (!at.leaf) {
            at = at.child(0);
        }
        return at.entry(0);
    }

    /** Maps the unsigned order onto the signed one. */
    private static long key(long iova) {
        return iova ^ Long.MIN_VALUE;
    }

    /** Sorted keys, each with an entry (leaf) or a child (inner node). */
    private static final class Node {
        final boolean leaf;
        final long[] keys = new long[CAPACITY];
        private final @Nullable Object[] slots = new @Nullable Object[CAPACITY];
        int count;

        Node(boolean leaf) {
            this.leaf = leaf;
        }

        DmaEntry entry(int index) {
            return (DmaEntry) slot(index);
        }

        Node child(int index) {
            return (Node) slot(index);
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

        void append(Node child) {
            insert(count, child.keys[0], child);
        }

        void insert(int index, long key, Object slot) {
            System.arraycopy(keys, index, keys, index + 1, count - index);
            System.arraycopy(slots, index, slots, index + 1, count - index);
            keys[index] = key;
            slots[index] = slot;
            count++;
        }

        void removeAt(int index) {
            count--;
            System.arraycopy(keys, index + 1, keys, index, count - index);
            System.arraycopy(slots, index + 1, slots, index, count - index);
            slots[count] = null;
        }

        /**
         * Moves everything from {@code from} on to the other node: behind its content when that is a left neighbour being
         * merged into ({@code from} is 0), before it otherwise.
         */
        void moveTail(int from, Node other) {
            int moved = count - from;
            if (from == 0) {
                System.arraycopy(keys, 0, other.keys, other.count, moved);
                System.arraycopy(slots, 0, other.slots, other.count, moved);
            } else {
                System.arraycopy(other.keys, 0, other.keys, moved, other.count);
                System.arraycopy(other.slots, 0, other.slots, moved, other.count);
                System.arraycopy(keys, from, other.keys, 0, moved);
                System.arraycopy(slots, from, other.slots, 0, moved);
            }
            other.count += moved;
            clear(from);
        }

        /** Moves the first {@code moved} items behind the left neighbour's. */
        void moveHead(int moved, Node left) {
            System.arraycopy(keys, 0, left.keys, left.count, moved);
            System.arraycopy(slots, 0, left.slots, left.count, moved);
            left.count += moved;
            int rest = count - moved;
            System.arraycopy(keys, moved, keys, 0, rest);
            System.arraycopy(slots, moved, slots, 0, rest);
            clear(rest);
        }

        private void clear(int from) {
            Arrays.fill(slots, from, count, null);
            count = from;
        }
    }
}
