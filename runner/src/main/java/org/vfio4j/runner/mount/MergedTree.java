// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.mount;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.runner.fuse.NodeSource;
import org.vfio4j.runner.path.RealPlace;
import org.vfio4j.spi.call.VirtualTree;
import org.vfio4j.uapi.Errno;

/**
 * The machine's {@code /sys} and {@code /dev} laid over the real ones. Directories that both have show what both have; what is below
 * a root of the machine's tree is the machine's alone. For what only the real one has there is an empty place of the same kind,
 * onto which the real thing is mounted ({@link #places}); its links are shown as they are.
 *
 * <p>The machine's side is always that of the moment. What appears on the real side after this was made is a link to the same path
 * below {@value #REAL}, a directory that is not listed, onto which the whole of the real one is mounted. Thread-safe.
 */
final class MergedTree implements NodeSource {
    private static final String SYS = "/sys";
    private static final String DEV = "/dev";

    /** What is shown, each at its place in the real system. */
    static final List<String> SHOWN = List.of(SYS, DEV);

    /** In each of them, the real one. */
    static final String REAL = ".real";

    private static final Logger LOG = LoggerFactory.getLogger(MergedTree.class);
    private static final String CLASSES = SYS + "/class/";
    private static final String VIRTUAL = SYS + "/devices/virtual/";
    private static final int KIND = 0170000;

    /**
     * Something real to be mounted.
     *
     * @param source its path in the real system
     * @param target its path in what is shown
     */
    record Place(String source, String target) {}

    private final VirtualTree tree;

    /** By path of a directory that both have: what only the real one had. */
    private final Map<String, List<String>> merged = new HashMap<>();

    private final Map<String, VirtualTree.Node> real = new HashMap<>();
    private final List<Place> places = new ArrayList<>();

    /** Looks at both. */
    MergedTree(VirtualTree tree) {
        this.tree = tree;
        List<String> roots = List.copyOf(tree.roots());
        for (String shown : SHOWN) {
            String hidden = shown + "/" + REAL;
            real.put(hidden, new Names(List.of()));
            places.add(new Place(shown, hidden));
            merge(shown, roots);
        }
    }

    private void merge(String path, List<String> roots) {
        var names = new ArrayList<String>();
        merged.put(path, names);
        try (var entries = Files.newDirectoryStream(Path.of(path))) {
            for (Path entry : entries) {
                String name = entry.getFileName().toString();
                String below = path + "/" + name;
                if (isOurs(below, roots)) {
                    continue;
                }
                var ours = tree.find(below);
                if (ours.isEmpty()) {
                    addReal(below, entry);
                    names.add(name);
                } else if (ours.get() instanceof VirtualTree.Directory
                        && Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
                    merge(below, roots);
                }
            }
        } catch (IOException e) {
            LOG.debug("not all of the real {} is shown: {}", path, e.toString());
        }
    }

    /** Also what will be a root as soon as something is there: a class' devices without a parent. */
    private static boolean isOurs(String path, List<String> roots) {
        return roots.contains(path)
                || (path.startsWith(VIRTUAL) && roots.contains(CLASSES + path.substring(VIRTUAL.length())));
    }

    private void addReal(String path, Path entry) throws IOException {
        if (Files.isSymbolicLink(entry)) {
            real.put(path, new RealLink(Files.readSymbolicLink(entry).toString()));
        } else {
            int mode = (int) Files.getAttribute(entry, "unix:mode", LinkOption.NOFOLLOW_LINKS);
            boolean directory = Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS);
            real.put(path, directory ? new Names(List.of()) : new RealPlace(mode & KIND));
            places.add(new Place(path, path));
        }
    }

    /** What is to be mounted. */
    List<Place> places() {
        return List.copyOf(places);
    }

    @Override
    public Optional<VirtualTree.Node> find(String path) {
        if (path.isEmpty()) {
            return Optional.of(new Names(
                    SHOWN.stream().map(shown -> shown.substring(1)).sorted().toList()));
        }
        VirtualTree.Node kept = real.get(path);
        if (kept != null) {
            return Optional.of(kept);
        }
        if (merged.containsKey(path)) {
            return Optional.of(new Merged(path));
        }
        var ours = tree.find(path);
        return ours.isPresent() ? ours : late(path);
    }

    /** What the real system has by now. */
    private Optional<VirtualTree.Node> late(String path) {
        Path entry = Path.of(path);
        if (!merged.containsKey(path.substring(0, path.lastIndexOf('/')))
                || isOurs(path, tree.roots())
                || !Files.exists(entry, LinkOption.NOFOLLOW_LINKS)) {
            return Optional.empty();
        }
        String shown = SHOWN.stream().filter(path::startsWith).findFirst().orElseThrow();
        return Optional.of(new RealLink(shown + "/" + REAL + path.substring(shown.length())));
    }

    private List<String> names(String path) {
        var all = new TreeSet<>(merged.getOrDefault(path, List.of()));
        if (tree.find(path).orElse(null) instanceof VirtualTree.Directory directory) {
            all.addAll(directory.names());
        }
        List<String> roots = tree.roots();
        try (var entries = Files.newDirectoryStream(Path.of(path))) {
            for (Path entry : entries) {
                String name = entry.getFileName().toString();
                if (!isOurs(path + "/" + name, roots)) {
                    all.add(name);
                }
            }
        } catch (IOException e) {
            LOG.debug("what is new in the real {} is not shown: {}", path, e.toString());
        }
        return List.copyOf(all);
    }

    @Override
    public boolean lasting(String path) {
        return merged.containsKey(path) || real.containsKey(path) || SHOWN.contains(path);
    }

    /** The machine's part is as its drivers make it; beside it nothing can be made, whoever asks. */
    @Override
    public Errno fixed(String path) {
        return path.equals(DEV) ? Errno.EROFS : Errno.EPERM;
    }

    private record Names(List<String> names) implements VirtualTree.Directory {}

    /** What both have, at the moment when it is listed. */
    private final class Merged implements VirtualTree.Directory {
        private final String path;

        Merged(String path) {
            this.path = path;
        }

        @Override
        public List<String> names() {
            return MergedTree.this.names(path);
        }
    }

    private record RealLink(String target) implements VirtualTree.Link {}
}
