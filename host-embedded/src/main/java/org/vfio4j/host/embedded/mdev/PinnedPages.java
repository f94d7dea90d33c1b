// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.mdev;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.Queue;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.mdev.UserMemory;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * User pages a device holds pinned: pinned when first used, kept for the next time, given back when the user unmaps them,
 * when the device closes, or when too many are held. Guarded by its owner's transfer lock. Spec: mdev §7.
 */
final class PinnedPages {
    /** Most pages held; the ones pinned first go first. */
    private static final int LIMIT = 64;

    private final UserMemory memory;
    private final PhysicalMemory physical;
    private final int pageSize;
    private final Queue<Page> held = new ArrayDeque<>();

    /** Where the page that is being pinned is; set by the sink. */
    private long pinnedAt;

    PinnedPages(UserMemory memory) {
        this.memory = memory;
        this.physical = memory.physical();
        this.pageSize = physical.pageSize();
    }

    /**
     * A page that is pinned.
     *
     * @param iova of its first byte
     * @param phys of its first byte
     * @param writable whether it was pinned for writing
     */
    private record Page(long iova, long phys, boolean writable) {}

    /** How many pages are held. */
    int pages() {
        return held.size();
    }

    /**
     * Copies between a buffer and user memory, pinning what is not pinned yet.
     *
     * @param toMemory direction
     * @return false when the pinned memory is gone
     * @throws VfioException what pinning throws; EOVERFLOW when the range wraps
     */
    boolean copy(long iova, MemorySegment buffer, int length, boolean toMemory) {
        if (Long.compareUnsigned(iova + length - 1, iova) < 0) {
            throw new VfioException(Errno.EOVERFLOW, "transfer of " + length + " bytes at the end of all addresses");
        }
        int done = 0;
        while (done < length) {
            long at = iova + done;
            int inPage = (int) (at & (pageSize - 1));
            int size = Math.min(length - done, pageSize - inPage);
            long phys = page(at - inPage, toMemory).phys + inPage;
            boolean copied =
                    toMemory ? physical.write(phys, buffer, done, size) : physical.read(phys, buffer, done, size);
            if (!copied) {
                return false;
            }
            done += size;
        }
        return true;
    }

    private Page page(long iova, boolean write) {
        Page known = find(iova);
        if (known != null) {
            if (known.writable || !write) {
                return known;
            }
            held.remove(known);
            memory.unpin(iova, 1);
        }
        if (held.size() == LIMIT) {
            memory.unpin(held.remove().iova, 1);
        }
        memory.pin(iova, 1, write ? Protection.READ | Protection.WRITE : Protection.READ, (phys, size) -> {
            pinnedAt = phys;
        });
        var page = new Page(iova, pinnedAt, write);
        held.add(page);
        return page;
    }

    private @Nullable Page find(long iova) {
        for (Page page : held) {
            if (page.iova == iova) {
                return page;
            }
        }
        return null;
    }

    /**
     * Gives back what a range touches.
     *
     * @param length bytes; -1 together with iova 0 for everything
     */
    void release(long iova, long length) {
        if (length == -1) {
            releaseAll();
            return;
        }
        long last = iova + length - 1;
        for (Iterator<Page> pages = held.iterator(); pages.hasNext(); ) {
            Page page = pages.next();
            boolean apart = Long.compareUnsigned(page.iova, last) > 0
                    || Long.compareUnsigned(page.iova + pageSize - 1, iova) < 0;
            if (!apart) {
                pages.remove();
                memory.unpin(page.iova, 1);
            }
        }
    }

    /** Gives everything back. */
    void releaseAll() {
        while (!held.isEmpty()) {
            memory.unpin(held.remove().iova, 1);
        }
    }
}
