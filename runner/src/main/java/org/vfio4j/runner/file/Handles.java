// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.file;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.ffm.LinuxFiles;
import org.vfio4j.ffm.LinuxPaths;
import org.vfio4j.runner.notify.Call;
import org.vfio4j.runner.watch.Watch;
import org.vfio4j.spi.call.UapiFile;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The machine's files that the program has open. For each open a real file with a name of its own is made in a watched
 * folder and opened in the program; when the program maps device memory it gets one that is a hard link to the file with that
 * memory. So the kernel does the counting: a descriptor's link text tells which open it is, however it came there (dup, fork,
 * exec, another process' message), and the watch tells the name when its last descriptor and mapping are gone.
 *
 * <p>The program's descriptor of a file without a text of its own allows neither reading nor writing: where such a call is not
 * seen, because the number is an ordinary one, the kernel refuses it with EBADF instead of moving bytes that are not the machine's.
 *
 * <p>The kernel queues that event before {@code close} returns in the program. Whoever handles a call of the program calls
 * {@link #drain} first and so sees what was closed before. Thread-safe; finding a handle neither locks nor allocates.
 */
public final class Handles implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Handles.class);

    private static final int EVENTS = 16 << 10;
    private static final int FILE_MODE = 0600;
    private static final int O_ACCMODE = 3;

    /** Access mode that is neither reading nor writing: a descriptor for {@code ioctl} only. */
    private static final int NO_ACCESS = 3;

    private static final int O_APPEND = 0x400;
    private static final int O_NONBLOCK = 0x800;

    private final WatchedFolders folders;
    private final HandleTable table = new HandleTable();
    private final byte[] prefix;
    private final Watch watch;
    private final LateWrites lateWrites;
    private final Arena arena;
    private final MemorySegment events;

    /** Held while events are read and acted on, so that whoever asks next waits until that is done. Outermost. */
    private final ReentrantLock drainLock = new ReentrantLock();

    /** Under {@link #drainLock}; null until the program opens an attribute for writing. */
    private @Nullable WrittenFiles written;

    /** Under {@link #drainLock}: the watch's thread may come once more after it was told not to. */
    private boolean closed;

    /** Makes the directory and starts to watch it. */
    public Handles(Watch watch, LateWrites lateWrites) {
        this.watch = watch;
        this.lateWrites = lateWrites;
        folders = new WatchedFolders(watch, this::drain);
        prefix = (folders.directory() + "/").getBytes(StandardCharsets.UTF_8);
        arena = Arena.ofShared();
        events = arena.allocate(EVENTS, Long.BYTES);
        folders.begin();
    }

    /** The folder of the real files. */
    public Path directory() {
        return folders.directory();
    }

    /** How many handles have been released so far. */
    public long releases() {
        return table.releases();
    }

    /**
     * Opens a file in the program. If that fails the file is closed.
     *
     * <p>Throws {@link VfioException} with EMFILE when there cannot be another folder, ENOSYS when all is over.
     *
     * @param flags the open flags
     * @param number the descriptor's number, or -1 for the lowest free one
     * @param send whether to answer the call with the number
     * @return the descriptor, or a negated errno
     */
    public int open(Call call, UapiFile file, Origin origin, int flags, int number, boolean closeOnExec, boolean send) {
        Handle handle = add(file, origin, flags);
        return give(call, handle, this::make, number, closeOnExec, send);
    }

    /** Makes the real file of a handle and answers a descriptor of it, or a negated errno. */
    @FunctionalInterface
    private interface Maker {
        int make(Handle handle);
    }

    private int give(Call call, Handle handle, Maker maker, int number, boolean closeOnExec, boolean send) {
        StartGate.shared().lock();
        try {
            int ours = -1;
            try {
                ours = maker.make(handle);
            } finally {
                if (ours < 0) {
                    handle.folder().removed();
                    release(handle);
                }
            }
            return ours < 0 ? ours : give(call, ours, number, closeOnExec, send);
        } finally {
            StartGate.shared().unlock();
        }
    }

    /** If the program does not get it this is the last close, and the watch releases the handle. */
    private static int give(Call call, int ours, int number, boolean closeOnExec, boolean send) {
        int fd = call.addFd(ours, number, closeOnExec, send);
        LinuxFiles.close(ours);
        return fd;
    }

    /**
     * Puts another real file behind a descriptor of the program: a link to one that holds what can be mapped. Whatever else the
     * program has of the handle stays.
     *
     * @return 0, or a negated errno
     */
    public int exchange(Call call, Handle handle, int fd, boolean closeOnExec, Path memory) {
        StartGate.shared().lock();
        try {
            Optional<String> name = handle.anotherName();
            if (name.isEmpty()) {
                return -Errno.EBADF.number(); // closed meanwhile
            }
            int ours = -1;
            try {
                ours = link(handle, name.get(), memory);
            } finally {
                if (ours < 0) {
                    realFileClosed(handle);
                }
            }
            return ours < 0 ? ours : Math.min(give(call, ours, fd, closeOnExec, false), 0);
        } finally {
            StartGate.shared().unlock();
        }
    }

    /** Makes a link to a file with memory and opens it; answers a descriptor or a negated errno. */
    private int link(Handle handle, String name, Path memory) {
        WatchedFolder folder = folders.withRoom();
        Path link = folder.path().resolve(name);
        int ours;
        try {
            Files.createLink(link, memory);
            ours = folder.open(name, handle.flags() & O_ACCMODE, 0);
        } catch (IOException e) {
            LOG.warn("{} cannot be mapped by the program: {}", handle.origin().path(), e.toString());
            ours = -Errno.ENODEV.number();
        }
        if (ours < 0) {
            HandleDirectory.delete(link);
            folder.removed();
        }
        return ours;
    }

    /** Opens an ordinary folder, already filled, in the program; it is deleted with its last descriptor. */
    public int openFolder(Call call, ListingFile listing, boolean closeOnExec) {
        Handle handle = add(listing, new Origin(listing.path(), Optional.of(listing.directory())), 0);
        // Answered only when ours is closed: the program's last close must be the last one.
        return give(call, handle, added -> fill(added, listing), -1, closeOnExec, false);
    }

    private static int fill(Handle handle, ListingFile listing) {
        try {
            listing.fill(handle.folder().path().resolve(handle.name()));
            return handle.folder().open(handle.name(), LinuxPaths.O_RDONLY | LinuxPaths.O_DIRECTORY, 0);
        } catch (IOException e) {
            LOG.warn("{} cannot be listed", listing.path(), e);
            return -Errno.EIO.number();
        }
    }

    private Handle add(UapiFile file, Origin origin, int flags) {
        try {
            WatchedFolder folder = folders.withRoom();
            if (file instanceof AttributeFile && (flags & O_ACCMODE) != LinuxPaths.O_RDONLY) {
                watchWrites(folder);
            }
            return table.add(folder, origin, file, flags);
        } catch (VfioException refused) {
            file.close();
            throw refused;
        }
    }

    /** Starts to look for writes to files of a folder. */
    private void watchWrites(WatchedFolder folder) {
        drainLock.lock();
        try {
            if (closed) {
                return;
            }
            if (written == null) {
                written = new WrittenFiles(folders.directory());
                watch.add(written.inotify(), this::drain);
            }
            written.add(folder.path());
        } catch (VfioException refused) {
            folder.removed();
            throw refused;
        } finally {
            drainLock.unlock();
        }
    }

    /** Makes the real file; answers a descriptor or a negated errno. */
    private int make(Handle handle) {
        try {
            int flags = handle.flags() & (O_APPEND | O_NONBLOCK);
            if (handle.file() instanceof FilledFile filled) {
                // Written elsewhere and moved here, since the watch would see a close.
                Path staged = folders.staging().resolve(handle.name());
                Files.write(staged, filled.initialContent());
                Files.move(staged, handle.folder().path().resolve(handle.name()), StandardCopyOption.ATOMIC_MOVE);
                flags |= handle.flags() & O_ACCMODE;
            } else {
                flags |= NO_ACCESS | LinuxPaths.O_CREAT | LinuxPaths.O_EXCL;
            }
            return handle.folder().open(handle.name(), flags, FILE_MODE);
        } catch (IOException e) {
            LOG.warn("no file for {} can be made", handle.origin().path(), e);
            return -Errno.EIO.number();
        }
    }

    /**
     * Finds the handle behind a descriptor, with a reference.
     *
     * @param link the text of {@code /proc/PID/fd/N}
     * @param length its length
     * @return null when the descriptor is none of the machine's
     */
    public @Nullable Handle find(MemorySegment link, long length) {
        if (length <= prefix.length) {
            return null;
        }
        for (int i = prefix.length - 1; i >= 0; i--) {
            if (link.get(ValueLayout.JAVA_BYTE, i) != prefix[i]) {
                return null;
            }
        }
        Handle handle = table.named(link, prefix.length, length);
        return handle != null && handle.tryAcquire() ? handle : null;
    }

    /** Whether a path lies in the folder of the real files. */
    public boolean isInside(String path) {
        return path.startsWith(folders.directory() + "/");
    }

    /** Acts on everything the program has closed so far. */
    public void drain() {
        drainLock.lock();
        try {
            if (closed) {
                return;
            }
            if (written != null) {
                written.take(events, this::written);
            }
            for (WatchedFolder folder : folders.all()) {
                folder.take(events, this::gone);
            }
        } finally {
            drainLock.unlock();
        }
    }

    private void written(Optional<String> name) {
        if (name.isEmpty()) {
            for (Handle handle : table.all()) {
                collect(handle);
            }
        } else {
            collect(table.named(name.get()));
        }
    }

    /** Takes what the program may have written to an attribute where it was not seen. */
    private void collect(@Nullable Handle handle) {
        if (handle != null && handle.file() instanceof AttributeFile attribute && handle.writable()) {
            lateWrites.collect(
                    handle.folder().path().resolve(handle.name()),
                    folders.staging(),
                    attribute,
                    handle.origin().path());
        }
    }

    private void gone(WatchedFolder folder, String name) {
        Handle handle = table.named(name);
        if (handle == null) {
            return;
        }
        collect(handle); // its last write may be later than the look for writes
        HandleDirectory.delete(folder.path().resolve(name));
        folder.removed();
        realFileClosed(handle);
    }

    private void realFileClosed(Handle handle) {
        if (handle.realFileClosed()) {
            release(handle);
        }
    }

    private void release(Handle handle) {
        if (!table.remove(handle)) {
            return;
        }
        HandleDirectory.delete(handle.folder().path().resolve(handle.name()));
        try {
            handle.close();
        } catch (RuntimeException e) {
            LOG.error("closing {} failed", handle.origin().path(), e);
        }
    }

    /** How many files the program has open. */
    public int count() {
        return table.count();
    }

    /** Releases what is left and deletes the folder. Calls of the program that are still handled open nothing any more. */
    @Override
    public void close() {
        folders.end();
        table.end();
        drain();
        // Whoever waits for the lock finds nothing to do: the descriptors' numbers may mean something else by then.
        drainLock.lock();
        try {
            closed = true;
            folders.close();
            if (written != null) {
                watch.remove(written.inotify());
                written.close();
            }
        } finally {
            drainLock.unlock();
        }
        for (Handle handle : table.all()) {
            if (handle != null) {
                release(handle);
            }
        }
        arena.close();
        folders.delete();
    }
}
