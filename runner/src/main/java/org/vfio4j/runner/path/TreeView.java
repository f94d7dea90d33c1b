// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.path;

import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.vfio4j.runner.notify.Call;
import org.vfio4j.spi.call.VirtualTree;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** The machine's tree laid over the real one: which paths are its own, and what is there. Thread-safe. */
public final class TreeView {
    /** Kernel: {@code MAXSYMLINKS}. */
    private static final int MOST_LINKS = 40;

    private static final String DEV = "/dev";
    private static final String SYS = "/sys";

    private final VirtualTree tree;
    private final RealLinks links;
    private final boolean mounted;

    /**
     * Lays a tree over the real one.
     *
     * @param links of the real one
     * @param mounted whether programs see the tree natively, so that all but opening a device is the kernel's business
     */
    public TreeView(VirtualTree tree, RealLinks links, boolean mounted) {
        this.tree = tree;
        this.links = links;
        this.mounted = mounted;
    }

    /** The tree. */
    public VirtualTree tree() {
        return tree;
    }

    /** Whether programs see it natively. */
    public boolean isMounted() {
        return mounted;
    }

    /**
     * What a path leads to.
     *
     * @param ours whether the machine answers for it; otherwise it is the real system's
     * @param path without links before its last component, and without links at all if they were followed
     */
    public record Place(boolean ours, String path, Optional<VirtualTree.Node> node) {}

    /** Whether a path can lead into the tree at all; cheap, may be wrong in favour of the tree. */
    static boolean mayBeOurs(String path) {
        return path.startsWith("/dev/") || path.startsWith("/sys") || path.contains("..") || path.contains("//");
    }

    /**
     * Walks a path, over links of the tree and of the real system.
     *
     * @param call whose it is
     * @param path absolute
     * @param follow whether a link at its end is followed
     * @throws VfioException ELOOP, ENOTDIR
     */
    public Place walk(Call call, String path, boolean follow) {
        Deque<String> ahead = new ArrayDeque<>();
        push(ahead, path);
        if (path.endsWith("/")) {
            ahead.addLast("."); // so a link before the slash is followed, and what it leads to has to be a directory
        }
        String at = "";
        Optional<VirtualTree.Node> node = Optional.empty();
        int crossed = 0;
        boolean climbed = false;
        while (!ahead.isEmpty()) {
            String name = ahead.pop();
            if (node.isPresent()
                    && (node.get() instanceof VirtualTree.Attribute || node.get() instanceof VirtualTree.Device)) {
                throw new VfioException(Errno.ENOTDIR, at + " is no directory");
            }
            if (name.equals(".")) {
                continue;
            }
            if (name.equals("..")) {
                climbed |= isOurs(at, node);
                at = at.substring(0, Math.max(0, at.lastIndexOf('/')));
                node = find(at);
                continue;
            }
            String next = at + "/" + name;
            node = find(next);
            Optional<String> target = follow || !ahead.isEmpty() ? target(call, next, node) : Optional.empty();
            if (target.isPresent()) {
                if (++crossed > MOST_LINKS) {
                    throw new VfioException(Errno.ELOOP, path + " leads over more than " + MOST_LINKS + " links");
                }
                if (target.get().startsWith("/")) {
                    at = "";
                }
                push(ahead, target.get());
            } else {
                at = next;
            }
        }
        if (mounted) {
            return new Place(node.isPresent() ? node.get() instanceof VirtualTree.Device : isNoDevice(at), at, node);
        }
        // Who climbs out of the tree went where the real system cannot follow.
        return new Place(isOurs(at, node) || (climbed && node.isPresent()), at, node);
    }

    /**
     * Whether there is no node in a directory of devices. Who is told so at once is not told EACCES when one appears before the
     * kernel looks.
     */
    private boolean isNoDevice(String path) {
        String directory = path.substring(0, Math.max(0, path.lastIndexOf('/')));
        return isBelow(directory, DEV)
                && tree.find(directory).orElse(null) instanceof VirtualTree.Directory
                && (isBelowRoot(path) || !Files.exists(Path.of(path), LinkOption.NOFOLLOW_LINKS));
    }

    /** Most steps of most walks are in the real system alone. */
    private Optional<VirtualTree.Node> find(String path) {
        return path.startsWith(DEV) || path.startsWith(SYS) ? tree.find(path) : Optional.empty();
    }

    private Optional<String> target(Call call, String path, Optional<VirtualTree.Node> node) {
        if (node.isPresent()) {
            return node.get() instanceof VirtualTree.Link link ? Optional.of(link.target()) : Optional.empty();
        }
        return isBelowRoot(path) ? Optional.empty() : links.target(call, path);
    }

    private static void push(Deque<String> ahead, String path) {
        String[] names = path.split("/", -1);
        for (int i = names.length - 1; i >= 0; i--) {
            if (!names[i].isEmpty()) {
                ahead.push(names[i]);
            }
        }
    }

    /** Whether a path leads to a directory that the machine and the real system both have. */
    public boolean isMerged(String path) {
        return (path.startsWith("/dev") || path.startsWith("/sys"))
                && tree.find(path)
                        .filter(node -> node instanceof VirtualTree.Directory && !isOurs(path, Optional.of(node)))
                        .isPresent();
    }

    /** What the machine has in such a directory and the real system has not. */
    public SortedMap<String, VirtualTree.Node> additional(String path) {
        var additional = new TreeMap<String, VirtualTree.Node>();
        if (tree.find(path).orElse(null) instanceof VirtualTree.Directory directory) {
            for (String name : directory.names()) {
                String below = path + "/" + name;
                if (!Files.exists(Path.of(below), LinkOption.NOFOLLOW_LINKS)) {
                    tree.find(below).ifPresent(node -> additional.put(name, node));
                }
            }
        }
        return additional;
    }

    private static boolean isBelow(String path, String root) {
        return path.startsWith(root) && (path.length() == root.length() || path.charAt(root.length()) == '/');
    }

    private boolean isBelowRoot(String path) {
        for (String root : tree.roots()) {
            if (isBelow(path, root)) {
                return true;
            }
        }
        return false;
    }

    /** Below a root everything is; outside what the tree has, but for directories that the real system has too. */
    private boolean isOurs(String path, Optional<VirtualTree.Node> node) {
        return isBelowRoot(path)
                || (node.isPresent()
                        && !(node.get() instanceof VirtualTree.Directory
                                && Files.exists(Path.of(path), LinkOption.NOFOLLOW_LINKS)));
    }
}
