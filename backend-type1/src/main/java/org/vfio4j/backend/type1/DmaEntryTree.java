// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import static org.vfio4j.backend.type1.DmaEntryNode.CAPACITY;

import org.jspecify.annotations.Nullable;

/**
 * DMA entries in order of their first address, compared unsigned (kernel: the red-black tree {@code dma_list}).
 *
 * <p>A B+-tree with primitive keys: a look-up among a million entries reads four or five nodes instead of twenty, and
 * nothing is boxed. The leaf that was looked at last is remembered with the addresses it stands for, since a call asks for
 * the same place several times: only its first question goes down from the root, and most insertions and removals change
 * that leaf alone. Each key of an inner node is exactly the smallest key below the child beside it. Insertion allocates
 * only when a node splits, and a node freed by the last merge is used first; removal never allocates. Entries never
 * overlap, so the order by first address is the order by last address too. Not thread-safe: the instance lock guards it,
 * also for look-ups.
 */
final class DmaEntryTree {
    /** A node that falls below is merged with its neighbour, or takes from it. */
    private static final int MINIMUM = CAPACITY / 4;
    /** The end of the last leaf's keys. */
    private static final long NO_NEXT = Long.MAX_VALUE;

    private DmaEntryNode root = new DmaEntryNode(true);
    private int size;
    private @Nullable DmaEntryNode spare;

    /** The leaf looked at last; null when the tree changed its shape since. */
    private @Nullable DmaEntryNode finger;
    /** Every key from here to {@link #fingerLast} belongs into {@link #finger}. */
    private long fingerFirst;
    /** One less than the next leaf's first key, {@link #NO_NEXT} when there is none. */
    private long fingerLast;

    int size() {
        return size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** The entry with the lowest address. */
    @Nullable
    DmaEntry first() {
        return size == 0 ? null : leafFor(Long.MIN_VALUE).entry(0);
    }

    /** The entry with the greatest first address that is not above {@code iova}. */
    @Nullable
    DmaEntry floor(long iova) {
        DmaEntryNode leaf = leafFor(key(iova));
        int index = leaf.floorIndex(key(iova));
        return index < 0 ? null : leaf.entry(index);
    }

    /** The entry with the smallest first address above {@code iova}. */
    @Nullable
    DmaEntry higher(long iova) {
        DmaEntryNode leaf = leafFor(key(iova));
        return entryAfter(leaf, leaf.floorIndex(key(iova)));
    }

    /** The entry that holds an address. */
    @Nullable
    DmaEntry containing(long address) {
        DmaEntryNode leaf = leafFor(key(address));
        int index = leaf.floorIndex(key(address));
        return index >= 0 && key(address) <= leaf.last(index) ? leaf.entry(index) : null;
    }

    /** The lowest entry that ends at or after an address, whether it holds the address or lies above. */
    @Nullable
    DmaEntry firstReaching(long address) {
        DmaEntryNode leaf = leafFor(key(address));
        int index = leaf.floorIndex(key(address));
        boolean holds = index >= 0 && key(address) <= leaf.last(index);
        return holds ? leaf.entry(index) : entryAfter(leaf, index);
    }

    /** The lowest entry that overlaps a range with an inclusive end. */
    @Nullable
    DmaEntry firstOverlapping(long start, long last) {
        DmaEntryNode leaf = leafFor(key(start));
        int index = leaf.floorIndex(key(start));
        if (index >= 0 && key(start) <= leaf.last(index)) {
            return leaf.entry(index);
        }
        if (index + 1 < leaf.count) {
            return leaf.key(index + 1) <= key(last) ? leaf.entry(index + 1) : null;
        }
        return fingerLast < key(last) ? entryAfter(leaf, index) : null;
    }

    /** The next entry in address order. */
    @Nullable
    DmaEntry next(DmaEntry entry) {
        return higher(entry.iova);
    }

    /** Adds an entry that overlaps no other. */
    void insert(DmaEntry entry) {
        long key = key(entry.iova);
        DmaEntryNode leaf = leafFor(key);
        int index = leaf.floorIndex(key);
        if (leaf.count < CAPACITY && (index >= 0 || leaf == root)) {
            leaf.insert(index + 1, key, key(entry.last), entry);
        } else {
            finger = null;
            DmaEntryNode split = insert(root, key, entry);
            if (split != null) {
                DmaEntryNode top = new DmaEntryNode(false);
                top.insert(0, root.key(0), 0, root);
                top.insert(1, split.key(0), 0, split);
                root = top;
            }
        }
        size++;
    }

    /** Removes an entry that is in the tree. */
    void remove(DmaEntry entry) {
        long key = key(entry.iova);
        DmaEntryNode leaf = leafFor(key);
        int index = leaf.floorIndex(key);
        if (index < 0 || leaf.key(index) != key) {
            throw new IllegalStateException("entry is not in the tree");
        }
        if (leaf == root || (index > 0 && leaf.count > MINIMUM)) {
            leaf.removeAt(index);
        } else {
            finger = null;
            remove(root, key);
            while (!root.leaf && root.count == 1) {
                root = root.child(0);
            }
            if (!root.leaf && root.count == 0) {
                root = new DmaEntryNode(true);
            }
        }
        size--;
    }

    /** The leaf into which a key belongs; it is the finger then. */
    private DmaEntryNode leafFor(long key) {
        DmaEntryNode known = finger;
        return known != null && fingerFirst <= key && key <= fingerLast ? known : descend(key);
    }

    private DmaEntryNode descend(long key) {
        DmaEntryNode node = root;
        long first = Long.MIN_VALUE;
        long last = NO_NEXT;
        while (!node.leaf) {
            int index = node.floorIndex(key);
            if (index < 0) {
                index = 0; // below every key: belongs before them, into the first leaf
            } else {
                first = node.key(index);
            }
            if (index + 1 < node.count) {
                last = node.key(index + 1) - 1;
            }
            node = node.child(index);
        }
        finger = node;
        fingerFirst = first;
        fingerLast = last;
        return node;
    }

    /** The entry behind an index of the finger's leaf. */
    private @Nullable DmaEntry entryAfter(DmaEntryNode leaf, int index) {
        if (index + 1 < leaf.count) {
            return leaf.entry(index + 1);
        }
        return fingerLast == NO_NEXT ? null : leafFor(fingerLast + 1).entry(0);
    }

    private @Nullable DmaEntryNode insert(DmaEntryNode node, long key, DmaEntry entry) {
        int index = node.floorIndex(key);
        if (node.leaf) {
            return insertAt(node, index + 1, key, key(entry.last), entry);
        }
        int below = Math.max(index, 0);
        DmaEntryNode child = node.child(below);
        DmaEntryNode split = insert(child, key, entry);
        node.key(below, child.key(0));
        return split == null ? null : insertAt(node, below + 1, split.key(0), 0, split);
    }

    private @Nullable DmaEntryNode insertAt(DmaEntryNode node, int index, long key, long last, Object slot) {
        if (node.count < CAPACITY) {
            node.insert(index, key, last, slot);
            return null;
        }
        DmaEntryNode right = newNode(node.leaf);
        if (index == CAPACITY) {
            right.insert(0, key, last, slot); // ascending addresses fill nodes completely
            return right;
        }
        node.moveTail(CAPACITY / 2, right);
        if (index <= node.count) {
            node.insert(index, key, last, slot);
        } else {
            right.insert(index - node.count, key, last, slot);
        }
        return right;
    }

    private void remove(DmaEntryNode node, long key) {
        int index = node.floorIndex(key);
        if (node.leaf) {
            node.removeAt(index);
            return;
        }
        DmaEntryNode child = node.child(index);
        remove(child, key);
        if (child.count < MINIMUM) {
            rebalance(node, index);
        } else {
            node.key(index, child.key(0));
        }
    }

    /** Child {@code index} became small: merges it with a neighbour or evens both out. */
    private void rebalance(DmaEntryNode node, int index) {
        if (node.count == 1) {
            DmaEntryNode only = node.child(0);
            if (only.count == 0) {
                node.removeAt(0);
            } else {
                node.key(0, only.key(0));
            }
            return;
        }
        int at = Math.max(index - 1, 0);
        DmaEntryNode left = node.child(at);
        DmaEntryNode right = node.child(at + 1);
        int total = left.count + right.count;
        if (total <= CAPACITY) {
            right.mergeInto(left);
            node.removeAt(at + 1);
            spare = right;
        } else if (left.count < right.count) {
            right.moveHead(right.count - total / 2, left);
            node.key(at + 1, right.key(0));
        } else {
            left.moveTail(total / 2, right);
            node.key(at + 1, right.key(0));
        }
        node.key(at, left.key(0));
    }

    private DmaEntryNode newNode(boolean leaf) {
        DmaEntryNode kept = spare;
        if (kept != null && kept.leaf == leaf) {
            spare = null;
            return kept;
        }
        return new DmaEntryNode(leaf);
    }

    /** Maps the unsigned order onto the signed one. */
    private static long key(long iova) {
        return iova ^ Long.MIN_VALUE;
    }
}
