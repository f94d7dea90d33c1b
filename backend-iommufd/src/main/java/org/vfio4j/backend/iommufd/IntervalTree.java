// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import org.jspecify.annotations.Nullable;

/**
 * A balanced tree (AVL) of closed intervals of unsigned 64-bit numbers, ordered by start. Its elements are its nodes: no
 * boxing, no entry objects, and removal allocates nothing. Insert, remove and every search cost O(log n).
 *
 * <p>Intervals may overlap; only {@link #gapBefore} needs a tree whose intervals do not. A node is in one tree at a time
 * and its bounds stay as they are while it is. Kernel counterpart: {@code interval_tree}. Not thread-safe.
 *
 * @param <N> the nodes of this tree
 */
@SuppressWarnings("ReferenceEquality") // a node is the very object
final class IntervalTree<N extends IntervalTree.Node> {
    /** An interval; both bounds are part of it. */
    abstract static class Node {
        /** First number. */
        long start;

        /** Last number, at or above {@link #start} as unsigned numbers go. */
        long last;

        private @Nullable Node parent;
        private @Nullable Node left;
        private @Nullable Node right;
        private int height;
        private long subtreeFirst;
        private long subtreeLast;
        /** Size of the largest hole between neighbours of this subtree; meaningless when intervals overlap. */
        private long widestGap;
    }

    private @Nullable Node root;
    private int size;

    boolean isEmpty() {
        return root == null;
    }

    int size() {
        return size;
    }

    void insert(N element) {
        Node node = element;
        Node parent = null;
        boolean left = false;
        for (Node at = root; at != null; at = left ? at.left : at.right) {
            parent = at;
            left = Long.compareUnsigned(node.start, at.start) < 0;
        }
        node.left = null;
        node.right = null;
        node.parent = parent;
        if (parent == null) {
            root = node;
        } else if (left) {
            parent.left = node;
        } else {
            parent.right = node;
        }
        size++;
        repairUpwards(node, node);
    }

    void remove(N element) {
        Node node = element;
        Node left = node.left;
        Node right = node.right;
        Node lowestChanged;
        Node moved = null;
        if (left == null || right == null) {
            lowestChanged = node.parent;
            replaceInParent(node, left == null ? right : left);
        } else {
            Node successor = leftmost(right);
            if (successor == right) {
                lowestChanged = successor;
            } else {
                lowestChanged = successor.parent;
                replaceInParent(successor, successor.right);
                successor.right = right;
                right.parent = successor;
            }
            successor.left = left;
            left.parent = successor;
            replaceInParent(node, successor);
            moved = successor;
        }
        node.parent = null;
        node.left = null;
        node.right = null;
        size--;
        repairUpwards(lowestChanged, moved);
    }

    /** The interval with the lowest start, or null when the tree is empty. */
    @Nullable
    N first() {
        Node at = root;
        return at == null ? null : cast(leftmost(at));
    }

    /** The interval with the highest start, or null when the tree is empty. */
    @Nullable
    N highest() {
        Node at = root;
        while (at != null && at.right != null) {
            at = at.right;
        }
        return cast(at);
    }

    /** The next interval by start, or null after the last. */
    @Nullable
    N next(N element) {
        Node node = element;
        Node right = node.right;
        if (right != null) {
            return cast(leftmost(right));
        }
        Node child = node;
        Node at = node.parent;
        while (at != null && at.right == child) {
            child = at;
            at = at.parent;
        }
        return cast(at);
    }

    /** Last number of the interval before this one by start; the caller knows there is one. */
    long previousLast(N element) {
        Node node = element;
        Node at = node.left;
        if (at != null) {
            while (at.right != null) {
                at = at.right;
            }
            return at.last;
        }
        Node child = node;
        at = node.parent;
        while (at != null && at.left == child) {
            child = at;
            at = at.parent;
        }
        return required(at).last;
    }

    /** The interval with the lowest start among those that share a number with [start, last], or null. */
    @Nullable
    N firstIntersecting(long start, long last) {
        Node at = root;
        if (at == null || Long.compareUnsigned(at.subtreeLast, start) < 0) {
            return null;
        }
        while (true) {
            Node left = at.left;
            if (left != null && Long.compareUnsigned(left.subtreeLast, start) >= 0) {
                at = left;
                continue;
            }
            if (Long.compareUnsigned(at.start, last) > 0) {
                return null;
            }
            if (Long.compareUnsigned(at.last, start) >= 0) {
                return cast(at);
            }
            Node right = at.right;
            if (right == null || Long.compareUnsigned(right.subtreeLast, start) < 0) {
                return null;
            }
            at = right;
        }
    }

    /**
     * The lowest interval that has a hole of at least {@code length} numbers between its left neighbour and itself, the
     * hole ending at or after {@code from}; null when there is none. Holes outside the outermost intervals do not count.
     */
    @Nullable
    N gapBefore(long from, long length) {
        return cast(gapBefore(root, from, length));
    }

    private static @Nullable Node gapBefore(@Nullable Node at, long from, long length) {
        if (at == null
                || Long.compareUnsigned(at.widestGap, length) < 0
                || Long.compareUnsigned(at.subtreeLast, from) < 0) {
            return null;
        }
        Node found = gapBefore(at.left, from, length);
        if (found != null) {
            return found;
        }
        if (at.left != null && isGap(at.left.subtreeLast, at.start, from, length)) {
            return at;
        }
        if (at.right != null && isGap(at.last, at.right.subtreeFirst, from, length)) {
            return leftmost(at.right);
        }
        return gapBefore(at.right, from, length);
    }

    private static boolean isGap(long lastBelow, long startAbove, long from, long length) {
        return Long.compareUnsigned(startAbove - lastBelow - 1, length) >= 0
                && Long.compareUnsigned(startAbove - 1, from) >= 0;
    }

    /**
     * Balances and summarises from a node upwards, as far as anything changes.
     *
     * @param stale a node on the way whose summary says nothing yet, or null
     */
    private void repairUpwards(@Nullable Node lowest, @Nullable Node stale) {
        boolean passedStale = stale == null;
        for (Node at = lowest; at != null; at = at.parent) {
            boolean isStale = at == stale;
            passedStale |= isStale;
            int balance = height(at.left) - height(at.right);
            if (balance > 1) {
                Node left = required(at.left);
                if (height(left.left) < height(left.right)) {
                    rotateLeft(left);
                }
                at = rotateRight(at);
            } else if (balance < -1) {
                Node right = required(at.right);
                if (height(right.right) < height(right.left)) {
                    rotateRight(right);
                }
                at = rotateLeft(at);
            } else if (!summarise(at) && passedStale && !isStale) {
                return;
            }
        }
    }

    private Node rotateLeft(Node at) {
        Node up = required(at.right);
        Node moved = up.left;
        replaceInParent(at, up);
        at.right = moved;
        if (moved != null) {
            moved.parent = at;
        }
        up.left = at;
        at.parent = up;
        summarise(at);
        summarise(up);
        return up;
    }

    private Node rotateRight(Node at) {
        Node up = required(at.left);
        Node moved = up.right;
        replaceInParent(at, up);
        at.left = moved;
        if (moved != null) {
            moved.parent = at;
        }
        up.right = at;
        at.parent = up;
        summarise(at);
        summarise(up);
        return up;
    }

    private void replaceInParent(Node old, @Nullable Node replacement) {
        Node parent = old.parent;
        if (parent == null) {
            root = replacement;
        } else if (parent.left == old) {
            parent.left = replacement;
        } else {
            parent.right = replacement;
        }
        if (replacement != null) {
            replacement.parent = parent;
        }
    }

    /** Brings a node's summary up to date; answers whether that changed it. */
    private static boolean summarise(Node at) {
        Node left = at.left;
        Node right = at.right;
        long first = at.start;
        long last = at.last;
        long gap = 0;
        if (left != null) {
            first = left.subtreeFirst;
            last = maxUnsigned(last, left.subtreeLast);
            gap = maxUnsigned(left.widestGap, at.start - left.subtreeLast - 1);
        }
        if (right != null) {
            last = maxUnsigned(last, right.subtreeLast);
            gap = maxUnsigned(gap, maxUnsigned(right.widestGap, right.subtreeFirst - at.last - 1));
        }
        int height = Math.max(height(left), height(right)) + 1;
        boolean changed =
                at.height != height || at.subtreeFirst != first || at.subtreeLast != last || at.widestGap != gap;
        at.height = height;
        at.subtreeFirst = first;
        at.subtreeLast = last;
        at.widestGap = gap;
        return changed;
    }

    private static int height(@Nullable Node node) {
        return node == null ? 0 : node.height;
    }

    private static Node leftmost(Node from) {
        Node at = from;
        while (at.left != null) {
            at = at.left;
        }
        return at;
    }

    private static Node required(@Nullable Node node) {
        if (node == null) {
            throw new IllegalStateException("the tree of intervals is torn");
        }
        return node;
    }

    private static long maxUnsigned(long a, long b) {
        return Long.compareUnsigned(a, b) >= 0 ? a : b;
    }

    /** Only nodes of type N are ever linked in. */
    @SuppressWarnings("unchecked")
    private @Nullable N cast(@Nullable Node node) {
        return (N) node;
    }
}
