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
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.VirtualTree;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The machine's {@code /sys} laid over the real one. Directories that both have show what both have; what is below a root of the
 * machine's tree is the machine's alone. For what only the real one has there is an empty place of the same kind, onto which the
 * real thing is mounted ({@link #places}); its links are shown as they are. The real side is as it was when this was made, the
 * machine's is always that of the moment. Thread-safe.
 */
final class MergedSys implements NodeSource {
    /** Where it is shown. */
    static final String SYS = "/sys";

    private static final Logger LOG = LoggerFactory.getLogger(MergedSys.class);
    private static final String CLASSES = SYS + "/class/";
    private static final String VIRTUAL = SYS + "/devices/virtual/";

    private final VirtualTree tree;
    private final Map<String, List<String>> merged = new HashMap<>();
    private final Map<String, VirtualTree.Node> real = new HashMap<>();
    private final List<String> places = new ArrayList<>();

    /** Looks at both. */
    MergedSys(VirtualTree tree) {
        this.tree = tree;
        merge(SYS, List.copyOf(tree.roots()));
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
                    names.add(name);
                    addReal(below, entry);
                } else if (ours.get() instanceof VirtualTree.Directory
                        && Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
                    merge(below, roots);
                }
            }
        } catch (IOException e) {
            LOG.debug("nothing of the real {} is shown: {}", path, e.toString());
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
            boolean directory = Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS);
            real.put(path, directory ? new Names(List.of()) : new RealFile());
            places.add(path);
        }
    }

    /** Where the real thing is to be mounted; a path is the same in both. */
    List<String> places() {
        return List.copyOf(places);
    }

    @Override
    public String root() {
        return SYS;
    }

    @Override
    public Optional<VirtualTree.Node> find(String path) {
        VirtualTree.Node kept = real.get(path);
        if (kept != null) {
            return Optional.of(kept);
        }
        List<String> names = merged.get(path);
        if (names == null) {
            return tree.find(path);
        }
        var all = new TreeSet<>(names);
        if (tree.find(path).orElse(null) instanceof VirtualTree.Directory directory) {
            all.addAll(directory.names());
        }
        return Optional.of(new Names(List.copyOf(all)));
    }

    @Override
    public boolean lasting(String path) {
        return merged.containsKey(path) || real.containsKey(path);
    }

    private record Names(List<String> names) implements VirtualTree.Directory {}

    private record RealLink(String target) implements VirtualTree.Link {}

    /** The place of a file; nobody sees it but who mounts. */
    private record RealFile() implements VirtualTree.Attribute {
        @Override
        public int mode() {
            return 0;
        }

        @Override
        public byte[] read() {
            throw new VfioException(Errno.EIO, "the real file is not mounted");
        }

        @Override
        public void write(Caller caller, long position, byte[] bytes) {
            throw new VfioException(Errno.EIO, "the real file is not mounted");
        }
    }
}
