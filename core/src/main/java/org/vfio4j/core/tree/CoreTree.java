// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.tree;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.vfio4j.spi.call.VirtualTree;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** The whole tree: {@code /dev} and {@code /sys}. */
@Singleton
public final class CoreTree implements VirtualTree {
    /** Kernel: {@code MAXSYMLINKS}. */
    private static final int MOST_LINKS = 40;

    /** Asks for what is there now at each look, so it can be made once. */
    private final Folder root;

    private final SysFolders sys;

    @Inject
    CoreTree(DevFolders dev, SysFolders sys) {
        this.sys = sys;
        Optional<Node> devices = Optional.of(dev.dev());
        root = new Listing(() -> Stream.of("dev", "sys"), name -> switch (name) {
            case "dev" -> devices;
            case "sys" -> Optional.of(sys.sys());
            default -> Optional.empty();
        });
    }

    @Override
    public Optional<Node> find(String path) {
        requireAbsolute(path);
        Optional<Node> here = Optional.of(root);
        for (var name : components(path)) {
            here = here.filter(Folder.class::isInstance).flatMap(node -> ((Folder) node).child(name));
        }
        return here;
    }

    @Override
    public Optional<Node> resolve(String path) {
        requireAbsolute(path);
        Deque<String> ahead = new ArrayDeque<>(components(path));
        List<String> walked = new ArrayList<>();
        List<Node> nodes = new ArrayList<>(List.of(root));
        for (int links = 0; !ahead.isEmpty(); ) {
            String name = ahead.pop();
            if (name.equals("..")) {
                if (!walked.isEmpty()) {
                    walked.removeLast();
                    nodes.removeLast();
                }
                continue;
            }
            if (name.equals(".")) {
                continue;
            }
            if (!(nodes.getLast() instanceof Folder folder)) {
                return Optional.empty();
            }
            var next = folder.child(name);
            if (next.isEmpty()) {
                return next;
            }
            if (next.get() instanceof Link link) {
                if (++links > MOST_LINKS) {
                    throw new VfioException(Errno.ELOOP, path + " leads over more than " + MOST_LINKS + " links");
                }
                if (link.target().startsWith("/")) {
                    walked.clear();
                    nodes.subList(1, nodes.size()).clear();
                }
                components(link.target()).reversed().forEach(ahead::push);
            } else {
                walked.add(name);
                nodes.add(next.get());
            }
        }
        return Optional.of(nodes.getLast());
    }

    private static void requireAbsolute(String path) {
        if (!path.startsWith("/")) {
            throw new VfioException(Errno.EINVAL, "\"" + path + "\" is no absolute path");
        }
    }

    private static List<String> components(String path) {
        List<String> names = new ArrayList<>();
        for (int start = 0; start < path.length(); ) {
            int slash = path.indexOf('/', start);
            int end = slash < 0 ? path.length() : slash;
            if (end > start) {
                names.add(path.substring(start, end));
            }
            start = end + 1;
        }
        return names;
    }

    @Override
    public List<String> roots() {
        return Stream.concat(Stream.of("/dev/vfio"), sys.roots()).sorted().toList();
    }
}
