// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.fuse;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.vfio4j.runner.path.FileStatus;
import org.vfio4j.spi.call.VirtualTree;

/**
 * An open directory: what was in it when it was last read from its beginning, as {@code struct fuse_dirent}. The kernel lets one
 * reader at a time in.
 */
final class OpenDirectory {
    private static final int HEADER = 24;

    private record Entry(String name, FileStatus status) {}

    private final NodeSource source;
    private final String path;
    private volatile List<Entry> entries = List.of();

    OpenDirectory(NodeSource source, String path) {
        this.source = source;
        this.path = path;
    }

    /** Fills with entries from one on, as many as fit; how many bytes. */
    int read(long from, MemorySegment target) {
        if (from == 0) {
            entries = list();
        }
        List<Entry> now = entries;
        int at = 0;
        for (int i = (int) Math.min(from, now.size()); i < now.size(); i++) {
            Entry entry = now.get(i);
            byte[] name = entry.name.getBytes(StandardCharsets.UTF_8);
            int size = HEADER + name.length + 7 & ~7;
            if (at + size > target.byteSize()) {
                break;
            }
            target.asSlice(at, size).fill((byte) 0);
            target.set(ValueLayout.JAVA_LONG, at, entry.status.inode());
            target.set(ValueLayout.JAVA_LONG, at + 8L, i + 1L);
            target.set(ValueLayout.JAVA_INT, at + 16L, name.length);
            target.set(ValueLayout.JAVA_INT, at + 20L, entry.status.mode() >>> 12);
            MemorySegment.copy(name, 0, target, ValueLayout.JAVA_BYTE, at + (long) HEADER, name.length);
            at += size;
        }
        return at;
    }

    private List<Entry> list() {
        var here = source.find(path);
        if (here.isEmpty() || !(here.get() instanceof VirtualTree.Directory directory)) {
            return List.of(); // removed since it was opened
        }
        var found = new ArrayList<Entry>();
        found.add(new Entry(".", FileStatus.inDirectory(directory, path)));
        found.add(new Entry("..", FileStatus.inDirectory(directory, path + "/..")));
        for (String name : directory.names()) {
            String below = path + "/" + name;
            source.find(below).ifPresent(node -> found.add(new Entry(name, FileStatus.inDirectory(node, below))));
        }
        return found;
    }
}
