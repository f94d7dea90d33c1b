// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.ffm.LinuxFiles;
import org.vfio4j.ffm.LinuxMemory;
import org.vfio4j.ffm.LinuxStat;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.uapi.VfioException;

/**
 * Files whose pages programs have given to devices: each is mapped here once, whoever pins how much of it, from the first pin to
 * the last. So devices reach the pages directly and keep them when the program unmaps them, loads another program or ends, as the
 * kernel's pins of shared pages do. Thread-safe.
 */
final class SharedFiles {
    /** Binary logarithm of the largest part of a file that is one mapping. */
    private static final int PART_SHIFT = 39;

    private static final int EFAULT = 14;

    private final PhysicalMemory physical;

    /** Guards {@link #mappings}; held while a file is mapped. Taken below locks of backends; only those of {@link #physical} nest. */
    private final ReentrantLock mappingsLock = new ReentrantLock();

    private final Map<Part, SharedMapping> mappings = new HashMap<>();

    SharedFiles(PhysicalMemory physical) {
        this.physical = physical;
    }

    /** Part of a file, counted in units of 2^{@value #PART_SHIFT} bytes. */
    record Part(FileId file, long number) {
        long start() {
            return number << PART_SHIFT;
        }
    }

    /** Opens the file. */
    @FunctionalInterface
    interface Opener {
        /**
         * Opens it.
         *
         * @param write whether for writing too
         * @return a descriptor, which is closed by whoever asked; or a negative number when it cannot be opened
         */
        int open(boolean write);
    }

    /** What became of a wish to pin. */
    enum Outcome {
        PINNED,
        /** The file cannot be opened or mapped. */
        UNMAPPABLE,
        /** Part of the range lies beyond the end of the file. */
        BEYOND_END,
        /** The file system has no room for a page. */
        NO_ROOM
    }

    /**
     * Pins a range of a file; nothing is pinned unless the answer is {@link Outcome#PINNED}.
     *
     * @param alignment an address that byte 0 of the file is thought to be at, for the choice of physical addresses; a multiple of
     *     the page size
     * @param into gets the runs
     */
    Outcome pin(FileId file, long offset, long length, boolean write, long alignment, Opener opener, PinnedRuns into) {
        var runs = new PinnedRuns(physical);
        long end = offset + length;
        for (long at = offset; at < end; ) {
            var part = new Part(file, at >>> PART_SHIFT);
            long stop = Math.min(end, part.start() + (1L << PART_SHIFT));
            Outcome outcome = pinIn(part, at - part.start(), stop - at, write, alignment, opener, runs);
            if (outcome != Outcome.PINNED) {
                runs.undo();
                return outcome;
            }
            at = stop;
        }
        into.addAll(runs);
        return Outcome.PINNED;
    }

    private Outcome pinIn(
            Part part, long offset, long length, boolean write, long alignment, Opener opener, PinnedRuns runs) {
        SharedMapping mapping;
        mappingsLock.lock();
        try {
            mapping = mappings.get(part);
            if (mapping == null || mapping.size() < offset + length || (write && !mapping.writable())) {
                SharedMapping fresh = mapAgain(part, mapping, write, alignment, opener);
                if (fresh == null) {
                    return Outcome.UNMAPPABLE;
                }
                if (fresh.size() < offset + length) {
                    fresh.retire();
                    return Outcome.BEYOND_END;
                }
                mappings.put(part, fresh);
                if (mapping != null) {
                    mapping.retire(); // its pins keep it
                }
                mapping = fresh;
            }
            if (!runs.add(mapping.phys + offset, length)) {
                throw new IllegalStateException("a mapping of a file that is used was taken away");
            }
        } finally {
            mappingsLock.unlock();
        }
        int populated = mapping.populate(offset, length, write);
        if (populated == 0) {
            return Outcome.PINNED;
        }
        return populated == -EFAULT ? Outcome.BEYOND_END : Outcome.NO_ROOM;
    }

    /** Maps a part; for writing if it was mapped so before and still can be. */
    private @Nullable SharedMapping mapAgain(
            Part part, @Nullable SharedMapping before, boolean write, long alignment, Opener opener) {
        boolean wasWritable = before != null && before.writable();
        SharedMapping fresh = map(part, write || wasWritable, alignment, opener);
        return fresh == null && wasWritable && !write ? map(part, false, alignment, opener) : fresh;
    }

    private @Nullable SharedMapping map(Part part, boolean write, long alignment, Opener opener) {
        int fd = opener.open(write);
        if (fd < 0) {
            return null;
        }
        try {
            LinuxStat.Status status = LinuxStat.of(fd);
            // Never another file, whatever happened since its identity was learned.
            if (!status.regular() || !FileId.of(status).equals(part.file())) {
                return null;
            }
            long inPage = physical.pageSize() - 1L;
            long size = Math.min((status.size() - part.start() + inPage) & ~inPage, 1L << PART_SHIFT);
            if (size <= 0) {
                return null;
            }
            return map(part, fd, size, write, alignment);
        } finally {
            LinuxFiles.close(fd);
        }
    }

    private @Nullable SharedMapping map(Part part, int fd, long size, boolean write, long alignment) {
        var arena = Arena.ofShared();
        try {
            MemorySegment bytes = LinuxMemory.mapShared(fd, part.start(), size, write, arena, new int[1]);
            if (bytes != null) {
                return new SharedMapping(this, part, physical, arena, bytes, alignment + part.start());
            }
        } catch (VfioException full) {
            arena.close();
            throw full;
        }
        arena.close();
        return null;
    }

    /** The last pin is gone. If there is a new one meanwhile it keeps the mapping, and the next wish makes another one. */
    void unpinned(SharedMapping mapping) {
        mappingsLock.lock();
        try {
            if (!mappings.remove(mapping.part(), mapping)) {
                return; // somebody else was first
            }
        } finally {
            mappingsLock.unlock();
        }
        mapping.retire();
    }

    /** How many mappings there are that can be pinned. */
    int count() {
        mappingsLock.lock();
        try {
            return mappings.size();
        } finally {
            mappingsLock.unlock();
        }
    }
}
