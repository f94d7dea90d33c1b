// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import static org.vfio4j.backend.type1.DmaBlockNode.CAPACITY;

import org.jspecify.annotations.Nullable;

/**
 * Blocks of DMA entries in the order of their numbers: a B+-tree with primitive keys, so that a look-up among thousands reads
 * three nodes and nothing is boxed. The leaf that was looked at last is remembered with the numbers it stands for, since a call
 * asks for the same place several times: only its first question goes down from the root, and most insertions and removals
 * change that leaf alone. Each key of an inner node is exactly the smallest key below the child beside it. Insertion allocates
 * only when a node splits, and a node freed by the last merge is used first; removal never allocates. Numbers are not negative.
 * Not thread-safe: the instance lock guards it, also for look-ups.
 */
final class DmaBlockTree {
    /** A node that falls below is merged with its neighbour, or takes from it. */
    private static final int MINIMUM = CAPACITY / 4;
    /** The end of the last leaf's keys. */
    private static final long NO_NEXT = Long.MAX_VALUE;

    private DmaBlockNode root = new DmaBlockNode(true);
    private int size;
    private @Nullable DmaBlockNode spare;

    /** The leaf looked at last; null when the tree changed its shape since. */
    private @Nullable DmaBlockNode finger;
    /** Every key from here to {@link #fingerLast} belongs into {@link #finger}. */
    private long fingerFirst;
    /** One less than the next leaf's first key, {@link #NO_NEXT} when there is none. */
    private long fingerLast;

    boolean isEmpty() {
        return size == 0;
    }

    /** The block with the greatest number that is not above {@code number}. */
    @Nullable
    DmaBlock floor(long number) {
        DmaBlockNode leaf = leafFor(number);
        int index = leaf.floorIndex(number);
        return index < 0 ? null : leaf.block(index);
    }

    /** The block with the smallest number above {@code number}. */
    @Nullable
    DmaBlock higher(long number) {
        DmaBlockNode leaf = leafFor(number);
        int index = leaf.floorIndex(number);
        if (index + 1 < leaf.count) {
            return leaf.block(index + 1);
        }
        return fingerLast == NO_NEXT ? null : leafFor(fingerLast + 1).block(0);
    }

    /** Adds a block whose number no other has. */
    void insert(DmaBlock block) {
        long key = block.number();
        DmaBlockNode leaf = leafFor(key);
        int index = leaf.floorIndex(key);
        if (leaf.count < CAPACITY && (index >= 0 || leaf == root)) {
            leaf.insert(index + 1, key, block);
        } else {
            finger = null;
            DmaBlockNode split = insert(root, key, block);
            if (split != null) {
                DmaBlockNode top = new DmaBlockNode(false);
                top.insert(0, root.key(0), root);
                top.insert(1, split.key(0), split);
                root = top;
            }
        }
        size++;
    }

    /** Removes a block that is in the tree. */
    void remove(DmaBlock block) {
        long key = block.number();
        DmaBlockNode leaf = leafFor(key);
        int index = leaf.floorIndex(key);
        if (leaf == root || (index > 0 && leaf.count > MINIMUM)) {
            leaf.removeAt(index);
        } else {
            finger = null;
            remove(root, key);
            while (!root.leaf && root.count == 1) {
                root = root.child(0);
            }
            if (!root.leaf && root.count == 0) {
                root = new DmaBlockNode(true);
            }
        }
        size--;
    }

    /** The leaf into which a key belongs; it is the finger then. */
    private DmaBlockNode leafFor(long key) {
        DmaBlockNode known = finger;
        return known != null && fingerFirst <= key && key <= fingerLast ? known : descend(key);
    }

    private DmaBlockNode descend(long key) {
        DmaBlockNode node = root;
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

    private @Nullable DmaBlockNode insert(DmaBlockNode node, long key, DmaBlock block) {
        int index = node.floorIndex(key);
        if (node.leaf) {
            return insertAt(node, index + 1, key, block);
        }
        int below = Math.max(index, 0);
        DmaBlockNode child = node.child(below);
        DmaBlockNode split = insert(child, key, block);
        node.key(below, child.key(0));
        return split == null ? null : insertAt(node, below + 1, split.key(0), split);
    }

    private @Nullable DmaBlockNode insertAt(DmaBlockNode node, int index, long key, Object slot) {
        if (node.count < CAPACITY) {
            node.insert(index, key, slot);
            return null;
        }
        DmaBlockNode right = newNode(node.leaf);
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

    private void remove(DmaBlockNode node, long key) {
        int index = node.floorIndex(key);
        if (node.leaf) {
            node.removeAt(index);
            return;
        }
        DmaBlockNode child = node.child(index);
        remove(child, key);
        if (child.count < MINIMUM) {
            rebalance(node, index);
        } else {
            node.key(index, child.key(0));
        }
    }

    /** Child {@code index} became small: merges it with a neighbour or evens both out. */
    private void rebalance(DmaBlockNode node, int index) {
        if (node.count == 1) {
            DmaBlockNode only = node.child(0);
            if (only.count == 0) {
                node.removeAt(0);
            } else {
                node.key(0, only.key(0));
            }
            return;
        }
        int at = Math.max(index - 1, 0);
        DmaBlockNode left = node.child(at);
        DmaBlockNode right = node.child(at + 1);
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

    private DmaBlockNode newNode(boolean leaf) {
        DmaBlockNode kept = spare;
        if (kept != null && kept.leaf == leaf) {
            spare = null;
            return kept;
        }
        return new DmaBlockNode(leaf);
    }
}
