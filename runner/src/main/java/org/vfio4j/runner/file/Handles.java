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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
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

    private static final String STAGING = "staging";
    private static final int EVENTS = 16 << 10;
    private static final int FILE_MODE = 0600;
    private static final int O_ACCMODE = 3;

    /** Access mode that is neither reading nor writing: a descriptor for {@code ioctl} only. */
    private static final int NO_ACCESS = 3;

    private static final int O_APPEND = 0x400;
    private static final int O_NONBLOCK = 0x800;

    private final Path directory;
    private final Path staging;
    private final byte[] prefix;
    private final Watch watch;
    private final LateWrites lateWrites;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment events = arena.allocate(EVENTS, Long.BYTES);

    /**
     * Guards changes of {@link #handles}, {@link #taken}, {@link #generations}, {@link #folders} and {@link #over}. Innermost, held
     * briefly.
     */
    private final ReentrantLock slotsLock = new ReentrantLock();

    private final BitSet taken = new BitSet();
    private int generations;
    private boolean over;

    /** Never empty; the first one is {@link #directory}. Grown by copying under the lock. */
    private volatile List<WatchedFolder> folders;

    /** By slot. Grown by copying under the lock. */
    private volatile @Nullable Handle[] handles = new @Nullable Handle[64];

    /** Held while events are read and acted on, so that whoever asks next waits until that is done. Outermost. */
    private final ReentrantLock drainLock = new ReentrantLock();

    /** Under {@link #drainLock}; null until the program opens an attribute for writing. */
    private @Nullable WrittenFiles written;

    /** Under {@link #drainLock}: the watch's thread may come once more after it was told not to. */
    private boolean closed;

    private volatile long releases;

    /** Makes the directory and starts to watch it. */
    public Handles(Watch watch, LateWrites lateWrites) {
        this.watch = watch;
        this.lateWrites = lateWrites;
        try {
            directory = HandleDirectory.make();
            staging = Files.createDirectory(directory.resolve(STAGING));
        } catch (IOException e) {
            throw new VfioException(Errno.EACCES, "no folder for files of the program can be made: " + e, e);
        }
        prefix = (directory + "/").getBytes(StandardCharsets.UTF_8);
        var first = new WatchedFolder(directory);
        folders = List.of(first);
        watch.add(first.inotify(), this::drain);
    }

    /** The folder of the real files. */
    public Path directory() {
        return directory;
    }

    /** How many handles have been released so far. */
    public long releases() {
        return releases;
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
        StartGate.shared().lock();
        try {
            int ours = make(handle);
            if (ours >= 0) {
                int fd = call.addFd(ours, number, closeOnExec, send);
                // If the program has not got it this is the last close, and the watch releases the handle.
                LinuxFiles.close(ours);
                return fd;
            }
            handle.folder().removed();
            release(handle);
            return ours;
        } finally {
            StartGate.shared().unlock();
        }
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
            WatchedFolder folder = withRoom();
            String name = handle.anotherName();
            int ours;
            try (var scratch = Arena.ofConfined()) {
                Files.createLink(folder.path().resolve(name), memory);
                ours = LinuxPaths.openat(
                        folder.directory(),
                        scratch.allocateFrom(name),
                        handle.flags() & O_ACCMODE | LinuxPaths.O_CLOEXEC,
                        0);
            } catch (IOException e) {
                LOG.warn(
                        "{} cannot be mapped by the program: {}",
                        handle.origin().path(),
                        e.toString());
                ours = -Errno.ENODEV.number();
            }
            if (ours < 0) {
                folder.removed();
                handle.realFileClosed();
                return ours;
            }
            int result = call.addFd(ours, fd, closeOnExec, false);
            LinuxFiles.close(ours);
            return Math.min(result, 0);
        } finally {
            StartGate.shared().unlock();
        }
    }

    /** Opens an ordinary folder, already filled, in the program; it is deleted with its last descriptor. */
    public int openFolder(Call call, ListingFile listing, boolean closeOnExec) {
        Handle handle = add(listing, new Origin(listing.path(), Optional.of(listing.directory())), 0);
        StartGate.shared().lock();
        try {
            Path folder = handle.folder().path().resolve(handle.name());
            int ours;
            try {
                listing.fill(folder);
                ours = LinuxPaths.open(
                        folder.toString(), LinuxPaths.O_RDONLY | LinuxPaths.O_DIRECTORY | LinuxPaths.O_CLOEXEC, 0);
            } catch (IOException e) {
                LOG.warn("{} cannot be listed", listing.path(), e);
                ours = -Errno.EIO.number();
            }
            if (ours < 0) {
                handle.folder().removed();
                release(handle);
                return ours;
            }
            // Answered only when ours is closed: the program's last close must be the last one.
            int fd = call.addFd(ours, -1, closeOnExec, false);
            LinuxFiles.close(ours);
            return fd;
        } finally {
            StartGate.shared().unlock();
        }
    }

    private Handle add(UapiFile file, Origin origin, int flags) {
        try {
            WatchedFolder folder = withRoom();
            if (file instanceof AttributeFile && (flags & O_ACCMODE) != LinuxPaths.O_RDONLY) {
                watchWrites(folder);
            }
            slotsLock.lock();
            try {
                int slot = taken.nextClearBit(0);
                taken.set(slot);
                if (slot >= handles.length) {
                    handles = Arrays.copyOf(handles, handles.length * 2);
                }
                var handle = new Handle(slot, ++generations, folder, origin, file, flags);
                handles[slot] = handle;
                return handle;
            } finally {
                slotsLock.unlock();
            }
        } catch (VfioException refused) {
            file.close();
            throw refused;
        }
    }

    /** A folder in which one more file was counted. */
    private WatchedFolder withRoom() {
        slotsLock.lock();
        try {
            if (over) {
                throw new VfioException(Errno.ENOSYS, "the program lives longer than its machine");
            }
            for (WatchedFolder folder : folders) {
                if (folder.tryAdd()) {
                    return folder;
                }
            }
            var added = new WatchedFolder(directory.resolve(String.valueOf(folders.size())));
            var more = new ArrayList<>(folders);
            more.add(added);
            folders = List.copyOf(more);
            added.tryAdd();
            watch.add(added.inotify(), this::drain);
            return added;
        } finally {
            slotsLock.unlock();
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
                written = new WrittenFiles(directory);
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
        try (var scratch = Arena.ofConfined()) {
            int flags = handle.flags() & (O_APPEND | O_NONBLOCK) | LinuxPaths.O_CLOEXEC;
            var name = scratch.allocateFrom(handle.name());
            if (handle.file() instanceof FilledFile filled) {
                // Written elsewhere and moved here, since the watch would see a close.
                Path staged = staging.resolve(handle.name());
                Files.write(staged, filled.initialContent());
                Files.move(staged, handle.folder().path().resolve(handle.name()), StandardCopyOption.ATOMIC_MOVE);
                flags |= handle.flags() & O_ACCMODE;
            } else {
                flags |= NO_ACCESS | LinuxPaths.O_CREAT | LinuxPaths.O_EXCL;
            }
            return LinuxPaths.openat(handle.folder().directory(), name, flags, FILE_MODE);
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
        int at = prefix.length;
        int slot = 0;
        int digit;
        while (at < length && (digit = link.get(ValueLayout.JAVA_BYTE, at) - '0') >= 0 && digit <= 9) {
            slot = slot * 10 + digit;
            at++;
        }
        if (at < length && link.get(ValueLayout.JAVA_BYTE, at) == '/') { // that was a further folder's name
            at++;
            slot = 0;
            while (at < length && (digit = link.get(ValueLayout.JAVA_BYTE, at) - '0') >= 0 && digit <= 9) {
                slot = slot * 10 + digit;
                at++;
            }
        }
        at++;
        int generation = 0;
        while (at < length && (digit = link.get(ValueLayout.JAVA_BYTE, at) - '0') >= 0 && digit <= 9) {
            generation = generation * 10 + digit;
            at++;
        }
        @Nullable Handle[] now = handles;
        Handle handle = slot < now.length ? now[slot] : null;
        return handle != null && handle.generation() == generation && handle.tryAcquire() ? handle : null;
    }

    /** Whether a path lies in the folder of the real files. */
    public boolean isInside(String path) {
        return path.startsWith(directory + "/");
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
            for (WatchedFolder folder : folders) {
                folder.take(events, this::gone);
            }
        } finally {
            drainLock.unlock();
        }
    }

    private void written(Optional<String> name) {
        if (name.isEmpty()) {
            for (Handle handle : handles) {
                collect(handle);
            }
        } else {
            collect(byName(name.get()));
        }
    }

    /** Takes what the program may have written to an attribute where it was not seen. */
    private void collect(@Nullable Handle handle) {
        if (handle != null && handle.file() instanceof AttributeFile attribute && handle.writable()) {
            lateWrites.collect(
                    handle.folder().path().resolve(handle.name()),
                    staging,
                    attribute,
                    handle.origin().path());
        }
    }

    private void gone(WatchedFolder folder, String name) {
        Handle handle = byName(name);
        if (handle == null) {
            return;
        }
        collect(handle); // its last write may be later than the look for writes
        HandleDirectory.delete(folder.path().resolve(name));
        folder.removed();
        if (handle.realFileClosed()) {
            release(handle);
        }
    }

    private @Nullable Handle byName(String name) {
        String[] numbers = name.split("-", 3);
        if (numbers.length < 2) {
            return null;
        }
        int slot = Integer.parseInt(numbers[0]);
        int generation = Integer.parseInt(numbers[1]);
        @Nullable Handle[] now = handles;
        Handle handle = slot < now.length ? now[slot] : null;
        return handle != null && handle.generation() == generation ? handle : null;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // under the lock
    private void release(Handle handle) {
        slotsLock.lock();
        try {
            if (handles[handle.slot()] != handle) {
                return;
            }
            handles[handle.slot()] = null;
            taken.clear(handle.slot());
            releases++;
        } finally {
            slotsLock.unlock();
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
        slotsLock.lock();
        try {
            return taken.cardinality();
        } finally {
            slotsLock.unlock();
        }
    }

    /** Releases what is left and deletes the folder. Nothing of the program may be handled any more. */
    @Override
    public void close() {
        drain();
        slotsLock.lock();
        try {
            over = true;
        } finally {
            slotsLock.unlock();
        }
        // Whoever waits for the lock finds nothing to do: the descriptors' numbers may mean something else by then.
        drainLock.lock();
        try {
            closed = true;
            folders.forEach(folder -> watch.remove(folder.inotify()));
            folders.forEach(WatchedFolder::close);
            if (written != null) {
                watch.remove(written.inotify());
                written.close();
            }
        } finally {
            drainLock.unlock();
        }
        for (Handle handle : handles) {
            if (handle != null) {
                release(handle);
            }
        }
        arena.close();
        HandleDirectory.delete(directory);
    }
}
