// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.fuse;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.vfio4j.spi.call.VirtualTree;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The numbers by which the kernel speaks of what it was told about, until it forgets them (kernel: {@code nodeid}). Thread-safe.
 *
 * <p>The kernel lets one writer at a time into a node. Writes may wait for something that only another write to the same
 * attribute ends, so each open for writing gets a node of its own: while one is open, look-ups answer with a new number. Where two
 * have met once, every look-up from then on does, since the kernel looks only twice.
 */
final class FuseNodes {
    private static final long ROOT = 1;

    private record Key(String path, Class<?> kind) {}

    /** Something the kernel knows by number. */
    static final class Node {
        private final long id;
        private final Key key;
        private long lookups;
        private int writers;
        private boolean replaced;
        private volatile VirtualTree.Node last;

        private Node(long id, Key key, VirtualTree.Node last) {
            this.id = id;
            this.key = key;
            this.last = last;
        }

        long id() {
            return id;
        }

        String path() {
            return key.path;
        }

        /** What was there when it was looked up last; it may be gone. */
        VirtualTree.Node last() {
            return last;
        }
    }

    /** Guards everything here. Innermost, held briefly. */
    private final ReentrantLock nodesLock = new ReentrantLock();

    private final Map<Long, Node> byId = new HashMap<>();
    private final Map<Key, Node> byKey = new HashMap<>();

    /** Where two opens for writing have met at one node. */
    private final Set<Key> contended = new HashSet<>();

    private long lastId = ROOT;

    FuseNodes(String path, VirtualTree.Node root) {
        byId.put(ROOT, new Node(ROOT, key(path, root), root));
    }

    private static Key key(String path, VirtualTree.Node node) {
        return new Key(
                path,
                switch (node) {
                    case VirtualTree.Directory directory -> VirtualTree.Directory.class;
                    case VirtualTree.Link link -> VirtualTree.Link.class;
                    case VirtualTree.Attribute attribute -> VirtualTree.Attribute.class;
                    case VirtualTree.Device device -> VirtualTree.Device.class;
                });
    }

    /**
     * The node with a number.
     *
     * @throws VfioException ESTALE
     */
    Node get(long id) {
        nodesLock.lock();
        try {
            return Optional.ofNullable(byId.get(id))
                    .orElseThrow(() -> new VfioException(Errno.ESTALE, "there is no node " + id));
        } finally {
            nodesLock.unlock();
        }
    }

    /** Counts a look-up of what is at a path. */
    Node lookUp(String path, VirtualTree.Node found) {
        var key = key(path, found);
        nodesLock.lock();
        try {
            Node node = byKey.get(key);
            if (node != null && (node.writers > 0 || contended.contains(key))) {
                node.replaced = true;
                node = null;
            }
            if (node == null) {
                node = new Node(++lastId, key, found);
                byKey.put(key, node);
                byId.put(node.id, node);
            }
            node.last = found;
            node.lookups++;
            return node;
        } finally {
            nodesLock.unlock();
        }
    }

    /** The kernel has forgotten some look-ups. */
    void forget(long id, long lookups) {
        nodesLock.lock();
        try {
            Node node = byId.get(id);
            if (node != null && id != ROOT) {
                node.lookups -= lookups;
                if (node.lookups <= 0) {
                    byId.remove(id);
                    byKey.remove(node.key, node);
                }
            }
        } finally {
            nodesLock.unlock();
        }
    }

    /**
     * Opens for writing.
     *
     * @throws VfioException ESTALE when somebody else has: the kernel then looks it up again, and gets another number
     */
    void startWriting(Node node) {
        nodesLock.lock();
        try {
            if (node.writers > 0 && !node.replaced) {
                node.replaced = true;
                byKey.remove(node.key, node);
                contended.add(node.key);
                throw new VfioException(Errno.ESTALE, node.path() + " is open for writing");
            }
            node.writers++;
        } finally {
            nodesLock.unlock();
        }
    }

    void endWriting(Node node) {
        nodesLock.lock();
        try {
            node.writers--;
        } finally {
            nodesLock.unlock();
        }
    }

    /** How many nodes the kernel knows. */
    int count() {
        nodesLock.lock();
        try {
            return byId.size();
        } finally {
            nodesLock.unlock();
        }
    }
}
