// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Zeroed native memory in whole pages, freed exactly when its {@link SegmentMemory} is released. Thread-safe. */
final class NativeHeap {
    /** From this size on memory starts at a multiple of it, so that large IOMMU pages fit. */
    private static final long LARGE_PAGE = 2L << 20;

    private final int pageSize;

    /**
     * Arenas that refused to close because a native call was using their memory; closed later. Whoever unpinned last
     * must neither wait for that call nor fail.
     */
    private final Queue<Arena> inUse = new ConcurrentLinkedQueue<>();

    NativeHeap(int pageSize) {
        this.pageSize = pageSize;
    }

    /**
     * Allocates at least a size, in whole pages.
     *
     * @throws VfioException EINVAL for a size that is not positive, ENOMEM when there is no memory
     */
    SegmentMemory allocate(long size) {
        if (size <= 0) {
            throw new VfioException(Errno.EINVAL, "allocation of " + size + " bytes");
        }
        if (size > SegmentMemory.MAX_SIZE) {
            throw new VfioException(Errno.ENOMEM, "allocation of " + size + " bytes: more than 2^39");
        }
        closeUnused();
        long rounded = (size + pageSize - 1) & -(long) pageSize;
        Arena arena = Arena.ofShared();
        try {
            boolean large = size >= LARGE_PAGE;
            MemorySegment segment = arena.allocate(rounded, large ? LARGE_PAGE : pageSize);
            if (large) {
                HugePages.prefer(segment);
            }
            return new SegmentMemory(segment, () -> close(arena));
        } catch (OutOfMemoryError none) {
            arena.close();
            throw new VfioException(Errno.ENOMEM, "allocation of " + size + " bytes: " + none.getMessage(), none);
        }
    }

    private void close(Arena arena) {
        if (!tryClose(arena)) {
            inUse.add(arena);
        }
        closeUnused();
    }

    /** Closes what is no longer in use; looks at each waiting arena once. */
    private void closeUnused() {
        for (int left = inUse.size(); left > 0; left--) {
            Arena arena = inUse.poll();
            if (arena == null) {
                return;
            }
            if (!tryClose(arena)) {
                inUse.add(arena);
            }
        }
    }

    private static boolean tryClose(Arena arena) {
        try {
            arena.close();
            return true;
        } catch (IllegalStateException used) {
            return false;
        }
    }
}
