// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.file;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.vfio4j.ffm.LinuxFiles;
import org.vfio4j.ffm.LinuxInotify;

/**
 * Which real files the program writes to where nobody sees it. Has a queue of its own: a program can fill it at will, and then it
 * only says that something was written somewhere. One thread at a time.
 */
final class WrittenFiles implements AutoCloseable {
    private final int inotify;
    private final Set<Path> folders = new HashSet<>();

    WrittenFiles(Path path) {
        inotify = WatchedFolder.check(
                LinuxInotify.init(LinuxInotify.IN_NONBLOCK | LinuxInotify.IN_CLOEXEC), "inotify_init1", path);
    }

    int inotify() {
        return inotify;
    }

    /** Watches one more folder, unless it does so already. */
    void add(Path folder) {
        if (!folders.add(folder)) {
            return;
        }
        WatchedFolder.check(
                LinuxInotify.addWatch(inotify, folder.toString(), LinuxInotify.IN_MODIFY), "inotify_add_watch", folder);
    }

    /**
     * Takes all events there are.
     *
     * @param written told the name of each file; nothing when it can be any
     */
    void take(MemorySegment events, Consumer<Optional<String>> written) {
        long size;
        while ((size = LinuxFiles.read(inotify, events)) > 0) {
            for (long at = 0; at < size; ) {
                int nameLength = events.get(ValueLayout.JAVA_INT, at + LinuxInotify.EVENT_NAME_LENGTH);
                int mask = events.get(ValueLayout.JAVA_INT, at + LinuxInotify.EVENT_MASK);
                if ((mask & LinuxInotify.IN_Q_OVERFLOW) != 0) {
                    written.accept(Optional.empty());
                } else if (nameLength > 0) {
                    written.accept(Optional.of(events.getString(at + LinuxInotify.EVENT_NAME)));
                }
                at += (long) LinuxInotify.EVENT_NAME + nameLength;
            }
        }
    }

    @Override
    public void close() {
        LinuxFiles.close(inotify);
    }
}
