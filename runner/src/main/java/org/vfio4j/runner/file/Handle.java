// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.file;

import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.vfio4j.spi.call.FileReference;
import org.vfio4j.spi.call.UapiFile;
import org.vfio4j.spi.call.UapiMapping;

/**
 * An open file of the machine in the program (kernel: {@code struct file}). Its base reference is the real file that stands for
 * it there, until the last descriptor and mapping of that are gone; calls that run on it hold others. Thread-safe; counting does
 * not allocate.
 */
public final class Handle implements FileReference {
    private static final int O_ACCMODE = 3;
    private static final int O_RDONLY = 0;
    private static final int O_WRONLY = 1;

    private final int slot;
    private final int generation;
    private final WatchedFolder folder;
    private final Origin origin;
    private final UapiFile file;
    private final int flags;
    private final AtomicInteger references = new AtomicInteger(1);
    private final Queue<UapiMapping> mappings = new ConcurrentLinkedQueue<>();
    private final AtomicInteger realFiles = new AtomicInteger(1);
    private final AtomicInteger names = new AtomicInteger();
    private final AtomicLong position = new AtomicLong();

    Handle(int slot, int generation, WatchedFolder folder, Origin origin, UapiFile file, int flags) {
        this.slot = slot;
        this.generation = generation;
        this.folder = folder;
        this.origin = origin;
        this.file = file;
        this.flags = flags;
    }

    int slot() {
        return slot;
    }

    int generation() {
        return generation;
    }

    /** Where the first real file is. */
    WatchedFolder folder() {
        return folder;
    }

    /** Name of the first real file that stands for it. */
    String name() {
        return slot + "-" + generation;
    }

    /** Name of one more real file, which counts from now on; empty when the last one has gone already. */
    Optional<String> anotherName() {
        return increment(realFiles) ? Optional.of(name() + "-" + names.incrementAndGet()) : Optional.empty();
    }

    /** Counts one more of something unless the last one has gone already. */
    private static boolean increment(AtomicInteger count) {
        return count.getAndUpdate(now -> now == 0 ? 0 : now + 1) != 0;
    }

    /** A real file is gone from the program; whether it was the last one. */
    boolean realFileClosed() {
        return realFiles.decrementAndGet() == 0;
    }

    /** Where it comes from. */
    public Origin origin() {
        return origin;
    }

    /** Keeps a mapping of the program until all of the file is gone: single mappings cannot be told apart. */
    public void keep(UapiMapping mapping) {
        mappings.add(mapping);
    }

    @Override
    public UapiFile file() {
        return file;
    }

    /** The flags it was opened with. */
    public int flags() {
        return flags;
    }

    /** Whether it was opened for reading. */
    public boolean readable() {
        return (flags & O_ACCMODE) != O_WRONLY;
    }

    /** Whether it was opened for writing. */
    public boolean writable() {
        return (flags & O_ACCMODE) != O_RDONLY;
    }

    /** Where plain reads and writes go on. */
    public long position() {
        return position.get();
    }

    /** Moves the position on; as with the kernel's device files, two calls at the same time may use the same. */
    public void moveTo(long next) {
        position.set(next);
    }

    /** Takes a reference unless the last one has gone already. */
    boolean tryAcquire() {
        return increment(references);
    }

    /** Gives a reference back; the last one closes the file. */
    @Override
    public void close() {
        int left = references.decrementAndGet();
        if (left == 0) {
            mappings.forEach(UapiMapping::close);
            file.close();
        } else if (left < 0) {
            throw new IllegalStateException(origin.path() + " was released more often than acquired");
        }
    }
}
