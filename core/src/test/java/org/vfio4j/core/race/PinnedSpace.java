// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.race;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.vfio4j.spi.iommu.DmaUnmapListener;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** I/O addresses, page by page, with the pins on them. An unmap holds its listeners to what they promise. Thread-safe. */
final class PinnedSpace {
    static final int PAGE = 4096;

    private final Books books;

    /** Guards {@link #pages}; a leaf. */
    private final ReentrantLock pagesLock = new ReentrantLock();

    private final Map<Long, Page> pages = new HashMap<>();

    /** Read-held around callbacks, so that a listener that has left is not called any more. Outside {@link #pagesLock}. */
    private final ReentrantReadWriteLock listenersLock = new ReentrantReadWriteLock();

    private final Set<DmaUnmapListener> listeners = new HashSet<>();

    private static final class Page {
        private int pins;
        private boolean removing;
    }

    PinnedSpace(Books books) {
        this.books = books;
    }

    void join(DmaUnmapListener listener) {
        listenersLock.writeLock().lock();
        try {
            books.require(listeners.add(listener), "a listener joined twice");
        } finally {
            listenersLock.writeLock().unlock();
        }
    }

    /** Returns when no callback of the listener is running. */
    void leave(DmaUnmapListener listener) {
        listenersLock.writeLock().lock();
        try {
            books.require(listeners.remove(listener), "a listener left that never joined");
        } finally {
            listenersLock.writeLock().unlock();
        }
    }

    void map(long iova) {
        pagesLock.lock();
        try {
            if (pages.putIfAbsent(iova, new Page()) != null) {
                throw new VfioException(Errno.EEXIST, "mapped already");
            }
        } finally {
            pagesLock.unlock();
        }
    }

    /** P-14: once the listeners have returned, nothing of the page may be pinned. */
    void unmap(long iova) {
        if (!beginRemoval(iova)) {
            throw new VfioException(Errno.ENOENT, "not mapped");
        }
        listenersLock.readLock().lock();
        try {
            listeners.forEach(listener -> listener.dmaUnmap(iova, PAGE));
        } finally {
            listenersLock.readLock().unlock();
        }
        pagesLock.lock();
        try {
            var page = pages.remove(iova);
            books.require(page != null && page.pins == 0, "a page is pinned after its dma_unmap returned");
        } finally {
            pagesLock.unlock();
        }
    }

    private boolean beginRemoval(long iova) {
        pagesLock.lock();
        try {
            var page = pages.get(iova);
            if (page == null || page.removing) {
                return false;
            }
            page.removing = true;
            return true;
        } finally {
            pagesLock.unlock();
        }
    }

    void pin(long iova) {
        pagesLock.lock();
        try {
            var page = pages.get(iova);
            if (page == null || page.removing) {
                throw new VfioException(Errno.EINVAL, "not mapped");
            }
            page.pins++;
            books.pins.incrementAndGet();
        } finally {
            pagesLock.unlock();
        }
    }

    void unpin(long iova) {
        pagesLock.lock();
        try {
            var page = pages.get(iova);
            if (page == null || page.pins == 0) {
                books.violation("unpin of a page that is not pinned");
                return;
            }
            page.pins--;
            books.pins.decrementAndGet();
        } finally {
            pagesLock.unlock();
        }
    }

    /** The space goes: nobody may listen or have pins. */
    void close() {
        pagesLock.lock();
        try {
            books.require(pages.values().stream().allMatch(page -> page.pins == 0), "a space goes with pages pinned");
        } finally {
            pagesLock.unlock();
        }
        listenersLock.readLock().lock();
        try {
            books.require(listeners.isEmpty(), "a space goes with listeners");
        } finally {
            listenersLock.readLock().unlock();
        }
    }
}
