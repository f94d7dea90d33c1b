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
import java.util.Arrays;
import java.util.BitSet;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.ffm.LinuxFiles;
import org.vfio4j.ffm.LinuxInotify;
import org.vfio4j.ffm.LinuxPaths;
import org.vfio4j.runner.notify.Call;
import org.vfio4j.runner.watch.Watch;
import org.vfio4j.spi.call.UapiFile;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The machine's files that the program has open. For each open a real file with a name of its own is made in a watched
 * directory and opened in the program; when the program maps device memory it gets one that is a hard link to the file with that
 * memory. So the kernel does the counting: a descriptor's link text tells which open it is, however it came there (dup, fork, exec, another process'
 * message), and the watch tells the name when its last descriptor and mapping are gone.
 *
 * <p>The kernel queues that event before {@code close} returns in the program. Whoever handles a call of the program calls
 * {@link #drain} first and so sees what was closed before. Thread-safe; finding a handle neither locks nor allocates.
 */
public final class Handles implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Handles.class);

    private static final String STAGING = "staging";
    private static final int EVENTS = 16 << 10;
    private static final int FILE_MODE = 0600;

    private final Path directory;
    private final byte[] prefix;
    private final int directoryFd;
    private final int inotify;
    private final Watch watch;
    private final LateWrites lateWrites;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment events = arena.allocate(EVENTS, Long.BYTES);

    /** Guards changes of {@link #handles}, {@link #taken} and {@link #generations}. Innermost, held briefly. */
    private final ReentrantLock slotsLock = new ReentrantLock();

    private final BitSet taken = new BitSet();
    private int generations;

    /** By slot. Grown by copying under the lock. */
    private volatile @Nullable Handle[] handles = new @Nullable Handle[64];

    /** Held while events are read and acted on, so that whoever asks next waits until that is done. Outermost. */
    private final ReentrantLock drainLock = new ReentrantLock();

    /** Programs may still end after that. Guarded by {@link #drainLock}. */
    private boolean closed;

    private volatile long releases;

    /** Makes the directory and starts to watch it. */
    public Handles(Watch watch, LateWrites lateWrites) {
        this.watch = watch;
        this.lateWrites = lateWrites;
        try {
            directory = HandleDirectory.make();
            Files.createDirectory(directory.resolve(STAGING));
        } catch (IOException e) {
            throw new VfioException(Errno.EACCES, "no folder for files of the program can be made: " + e, e);
        }
        prefix = (directory + "/").getBytes(StandardCharsets.UTF_8);
        directoryFd = check(
                LinuxPaths.open(
                        directory.toString(), LinuxPaths.O_RDONLY | LinuxPaths.O_DIRECTORY | LinuxPaths.O_CLOEXEC, 0),
                "open");
        inotify = check(LinuxInotify.init(LinuxInotify.IN_NONBLOCK | LinuxInotify.IN_CLOEXEC), "inotify_init1");
        check(
                LinuxInotify.addWatch(
                        inotify,
                        directory.toString(),
                        LinuxInotify.IN_CLOSE_WRITE | LinuxInotify.IN_CLOSE_NOWRITE | LinuxInotify.IN_MODIFY),
                "inotify_add_watch");
        watch.add(inotify, this::drain);
    }

    private int check(int result, String call) {
        if (result < 0) {
            throw new VfioException(Errno.of(-result), call + " of " + directory + " failed");
        }
        return result;
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
     * @param flags the open flags
     * @param number the descriptor's number, or -1 for the lowest free one
     * @param send whether to answer the call with the number
     * @return the descriptor, or a negated errno
     */
    public int open(Call call, UapiFile file, Origin origin, int flags, int number, boolean closeOnExec, boolean send) {
        Handle handle = add(file, origin, flags);
        int ours = make(handle);
        if (ours < 0) {
            release(handle);
            return ours;
        }
        int fd = call.addFd(ours, number, closeOnExec, send);
        // If the program has not got it this is the last close, and the watch releases the handle.
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
        String name = handle.anotherName();
        int ours;
        try (var scratch = Arena.ofConfined()) {
            Files.createLink(directory.resolve(name), memory);
            ours = LinuxPaths.openat(
                    directoryFd, scratch.allocateFrom(name), handle.flags() & 3 | LinuxPaths.O_CLOEXEC, 0);
        } catch (IOException e) {
            LOG.warn("{} cannot be mapped by the program: {}", handle.origin().path(), e.toString());
            ours = -Errno.ENODEV.number();
        }
        if (ours < 0) {
            handle.realFileClosed();
            return ours;
        }
        int result = call.addFd(ours, fd, closeOnExec, false);
        LinuxFiles.close(ours);
        return Math.min(result, 0);
    }

    /** Opens an ordinary folder, already filled, in the program; it is deleted with its last descriptor. */
    public int openFolder(Call call, ListingFile listing, boolean closeOnExec) {
        Handle handle = add(listing, new Origin(listing.path(), Optional.of(listing.directory())), 0);
        Path folder = directory.resolve(handle.name());
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
            release(handle);
            return ours;
        }
        int fd = call.addFd(ours, -1, closeOnExec, true);
        LinuxFiles.close(ours);
        return fd;
    }

    private Handle add(UapiFile file, Origin origin, int flags) {
        slotsLock.lock();
        try {
            int slot = taken.nextClearBit(0);
            taken.set(slot);
            if (slot >= handles.length) {
                handles = Arrays.copyOf(handles, handles.length * 2);
            }
            var handle = new Handle(slot, ++generations, origin, file, flags);
            handles[slot] = handle;
            return handle;
        } finally {
            slotsLock.unlock();
        }
    }

    /** Makes the real file; answers a descriptor or a negated errno. */
    private int make(Handle handle) {
        try (var scratch = Arena.ofConfined()) {
            int create = LinuxPaths.O_CREAT | LinuxPaths.O_EXCL;
            var name = scratch.allocateFrom(handle.name());
            if (handle.file() instanceof FilledFile filled) {
                // Written elsewhere and moved here, since the watch would see a close.
                Path staged = directory.resolve(STAGING).resolve(handle.name());
                Files.write(staged, filled.initialContent());
                Files.move(staged, directory.resolve(handle.name()), StandardCopyOption.ATOMIC_MOVE);
                create = 0;
            }
            int mode = handle.flags() & 3;
            return LinuxPaths.openat(directoryFd, name, mode | create | LinuxPaths.O_CLOEXEC, FILE_MODE);
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
            while (!closed) {
                long size = LinuxFiles.read(inotify, events);
                if (size <= 0) {
                    return;
                }
                for (long at = 0; at < size; ) {
                    at += event(at);
                }
            }
        } finally {
            drainLock.unlock();
        }
    }

    private long event(long at) {
        int mask = events.get(ValueLayout.JAVA_INT, at + LinuxInotify.EVENT_MASK);
        int nameLength = events.get(ValueLayout.JAVA_INT, at + LinuxInotify.EVENT_NAME_LENGTH);
        if ((mask & LinuxInotify.IN_Q_OVERFLOW) != 0) {
            LOG.error("so many files were closed at once that the kernel lost track: some stay open until the end");
        } else if (nameLength > 0) {
            String name = events.getString(at + LinuxInotify.EVENT_NAME);
            Handle handle = byName(name);
            if (handle != null && (mask & LinuxInotify.IN_MODIFY) != 0) {
                if (handle.file() instanceof AttributeFile attribute) {
                    lateWrites.collect(
                            directory.resolve(handle.name()),
                            attribute,
                            handle.origin().path());
                }
            } else if (handle != null) {
                HandleDirectory.delete(directory.resolve(name));
                if (handle.realFileClosed()) {
                    release(handle);
                }
            }
        }
        return (long) LinuxInotify.EVENT_NAME + nameLength;
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
        HandleDirectory.delete(directory.resolve(handle.name()));
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
        watch.remove(inotify);
        for (Handle handle : handles) {
            if (handle != null) {
                release(handle);
            }
        }
        drainLock.lock();
        try {
            closed = true;
            LinuxFiles.close(inotify);
            LinuxFiles.close(directoryFd);
            arena.close();
        } finally {
            drainLock.unlock();
        }
        HandleDirectory.delete(directory);
    }
}
