// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.file;

import java.io.FileInputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.ffm.CountedDescriptor;
import org.vfio4j.ffm.LinuxFiles;
import org.vfio4j.ffm.LinuxInotify;
import org.vfio4j.ffm.LinuxPaths;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * A folder of real files, with a queue of its own that says which of them is gone from the program. The kernel drops events of a
 * queue that is full, so there are never more files in a folder than its queue has room for: each is opened once and says so
 * once. Thread-safe but for {@link #take}.
 */
final class WatchedFolder implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WatchedFolder.class);
    private static final String QUEUE_LENGTH = "/proc/sys/fs/inotify/max_queued_events";
    private static final int DEFAULT_QUEUE_LENGTH = 16384;

    /** A quarter of the queue: deleting a folder in it makes events too. */
    private static final int SHARE = 4;

    private final Path path;
    private final CountedDescriptor directory;
    private final int inotify;
    private final int room;
    private final AtomicInteger files = new AtomicInteger();

    /**
     * Makes the folder, if it is not there, and starts to watch it.
     *
     * @throws VfioException EMFILE when the user may watch no more, EACCES
     */
    WatchedFolder(Path path) {
        this.path = path;
        room = Math.max(1, queueLength() / SHARE);
        inotify = check(LinuxInotify.init(LinuxInotify.IN_NONBLOCK | LinuxInotify.IN_CLOEXEC), "inotify_init1", path);
        int opened = -1;
        try {
            if (!Files.isDirectory(path)) {
                Files.createDirectory(path);
            }
            opened = check(
                    LinuxPaths.open(
                            path.toString(), LinuxPaths.O_RDONLY | LinuxPaths.O_DIRECTORY | LinuxPaths.O_CLOEXEC, 0),
                    "open",
                    path);
            check(
                    LinuxInotify.addWatch(
                            inotify, path.toString(), LinuxInotify.IN_CLOSE_WRITE | LinuxInotify.IN_CLOSE_NOWRITE),
                    "inotify_add_watch",
                    path);
        } catch (IOException e) {
            LinuxFiles.close(inotify);
            throw new VfioException(Errno.EACCES, "no folder for files of the program can be made: " + e, e);
        } catch (VfioException e) {
            LinuxFiles.close(inotify);
            if (opened >= 0) {
                LinuxFiles.close(opened);
            }
            throw e;
        }
        directory = new CountedDescriptor(opened);
    }

    static int check(int result, String call, Path path) {
        if (result == -Errno.EMFILE.number() && call.startsWith("inotify_init")) {
            throw new VfioException(
                    Errno.EMFILE, "this user may not watch more folders: fs.inotify.max_user_instances is reached");
        }
        if (result < 0) {
            throw new VfioException(Errno.of(-result), call + " of " + path + " failed");
        }
        return result;
    }

    /** The kernel's setting; such a file is told completely by its first read only. */
    static int queueLength() {
        var text = new byte[32];
        try (var file = new FileInputStream(QUEUE_LENGTH)) {
            int length = Math.max(0, file.read(text));
            return Integer.parseInt(new String(text, 0, length, StandardCharsets.US_ASCII).strip());
        } catch (IOException | NumberFormatException e) {
            return DEFAULT_QUEUE_LENGTH;
        }
    }

    Path path() {
        return path;
    }

    /**
     * Opens a file in it.
     *
     * @return a descriptor, or a negated errno: ENOSYS when the folder is closed
     */
    int open(String name, int flags, int mode) {
        if (!directory.acquire()) {
            return -Errno.ENOSYS.number();
        }
        try (var scratch = Arena.ofConfined()) {
            return LinuxPaths.openat(
                    directory.number(), scratch.allocateFrom(name), flags | LinuxPaths.O_CLOEXEC, mode);
        } finally {
            directory.release();
        }
    }

    /** Descriptor that is readable when files are gone from the program. */
    int inotify() {
        return inotify;
    }

    /** Counts one more file, if there is room for it. */
    boolean tryAdd() {
        while (true) {
            int now = files.get();
            if (now >= room) {
                return false;
            }
            if (files.compareAndSet(now, now + 1)) {
                return true;
            }
        }
    }

    /** One file less: the program has it no more. */
    void removed() {
        files.decrementAndGet();
    }

    /** Told the name of a file that is gone from the program. */
    interface Gone {
        void gone(WatchedFolder folder, String name);
    }

    /** Takes all events there are; one thread at a time. */
    void take(MemorySegment events, Gone gone) {
        long size;
        while ((size = LinuxFiles.read(inotify, events)) > 0) {
            for (long at = 0; at < size; ) {
                int nameLength = events.get(ValueLayout.JAVA_INT, at + LinuxInotify.EVENT_NAME_LENGTH);
                if (nameLength > 0) {
                    gone.gone(this, events.getString(at + LinuxInotify.EVENT_NAME));
                } else if ((events.get(ValueLayout.JAVA_INT, at + LinuxInotify.EVENT_MASK) & LinuxInotify.IN_Q_OVERFLOW)
                        != 0) {
                    LOG.error("the queue for {} was made shorter: some files stay open until the end", path);
                }
                at += (long) LinuxInotify.EVENT_NAME + nameLength;
            }
        }
    }

    @Override
    public void close() {
        LinuxFiles.close(inotify);
        directory.close();
    }
}
