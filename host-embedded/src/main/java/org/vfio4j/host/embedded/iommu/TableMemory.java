// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The memory for page tables that a unit keeps from one domain to the next. Freeing memory that device threads could see stops
 * every thread of the JVM for a moment, tens of microseconds; a domain that lives as long as a device is open would pay for that
 * each time. So chunks of {@value #CHUNK_BYTES} bytes are lent to domains and come back when these are freed.
 *
 * <p>Never more than {@value #MOST_CHUNKS} chunks exist, lent or kept; a domain that gets none here has memory of its own, which goes
 * with it. Whoever gives a chunk back has made sure that nobody can reach it any more and that all of it is zero: see
 * {@link TablePool#close}.
 *
 * <p>Everything is freed by {@link #close}, or when the last chunk lent then comes back. Thread-safe.
 */
final class TableMemory implements AutoCloseable {
    /** Bytes of a chunk: 32 tables. */
    static final int CHUNK_BYTES = 1 << 17;

    /** Most chunks that exist at a time: 8 MiB for each unit. */
    static final int MOST_CHUNKS = 64;

    /** Bytes of a large piece: a huge page. */
    static final int LARGE_BYTES = 1 << 21;

    private final Arena arena = Arena.ofShared();
    private final Consumer<MemorySegment> hugePages;

    /** Guards all fields. Innermost: taken under a domain's table lock, and nothing is called while it is held. */
    private final ReentrantLock chunksLock = new ReentrantLock();

    /** Chunks nobody uses, the first {@link #keptCount}; the one that came back last is lent first. */
    private final @Nullable MemorySegment[] kept = new @Nullable MemorySegment[MOST_CHUNKS];

    private int keptCount;
    private int lentCount;
    private boolean closed;

    /**
     * Nothing kept and nothing lent.
     *
     * @param hugePages backs a large piece with a huge page if it can
     */
    TableMemory(Consumer<MemorySegment> hugePages) {
        this.hugePages = hugePages;
    }

    /**
     * Makes a large piece of zeros for a domain with many tables: map and unmap at random places among so many miss the
     * processor's TLB with each, unless they lie in huge pages.
     *
     * @param owner whose memory it is
     * @throws OutOfMemoryError when there is no memory
     */
    MemorySegment newLarge(Arena owner) {
        MemorySegment piece = owner.allocate(LARGE_BYTES, LARGE_BYTES);
        hugePages.accept(piece);
        return piece;
    }

    /**
     * Lends a chunk of zeros, aligned to a table.
     *
     * @return the chunk, or null when all there may be are lent, or the unit is closed
     * @throws OutOfMemoryError when a chunk had to be made and there is no memory
     */
    @Nullable
    MemorySegment lend() {
        chunksLock.lock();
        try {
            MemorySegment chunk = null;
            if (keptCount > 0) {
                keptCount--;
                chunk = kept[keptCount];
                kept[keptCount] = null;
            } else if (lentCount < MOST_CHUNKS && !closed) {
                chunk = arena.allocate(CHUNK_BYTES, TablePool.TABLE_BYTES);
            }
            lentCount += chunk == null ? 0 : 1;
            return chunk;
        } finally {
            chunksLock.unlock();
        }
    }

    /** Takes a chunk back that was lent, is all zeros and that nobody can reach any more. */
    void giveBack(MemorySegment chunk) {
        chunksLock.lock();
        try {
            lentCount--;
            kept[keptCount] = chunk;
            keptCount++;
            freeIfDone();
        } finally {
            chunksLock.unlock();
        }
    }

    /** Chunks that nobody uses at the moment. */
    int kept() {
        chunksLock.lock();
        try {
            return keptCount;
        } finally {
            chunksLock.unlock();
        }
    }

    /** Chunks in use by domains. */
    int lent() {
        chunksLock.lock();
        try {
            return lentCount;
        } finally {
            chunksLock.unlock();
        }
    }

    /** Whether all memory has been freed. */
    boolean isFreed() {
        return !arena.scope().isAlive();
    }

    @Override
    public void close() {
        chunksLock.lock();
        try {
            closed = true;
            freeIfDone();
        } finally {
            chunksLock.unlock();
        }
    }

    private void freeIfDone() {
        if (closed && lentCount == 0) {
            while (keptCount > 0) {
                keptCount--;
                kept[keptCount] = null;
            }
            if (arena.scope().isAlive()) {
                arena.close();
            }
        }
    }
}
