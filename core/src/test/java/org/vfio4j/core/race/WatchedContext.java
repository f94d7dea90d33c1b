// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.race;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.iommu.AccessClient;
import org.vfio4j.spi.iommu.DmaLimits;
import org.vfio4j.spi.iommu.IommufdAccess;
import org.vfio4j.spi.iommu.IommufdContext;
import org.vfio4j.spi.iommu.IommufdDevice;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** An iommufd context that claims groups, counts, and has IOAS objects devices can pin in. */
final class WatchedContext implements IommufdContext {
    private final Books books;

    /** Guards all of the following; taken inside every lock of the core and outside the group's. */
    private final ReentrantLock objectsLock = new ReentrantLock();

    private final Map<Integer, Ioas> spaces = new HashMap<>();
    private final Set<Object> users = new HashSet<>();
    private int references = 1;
    private int nextId = 1;
    private int compat;
    private boolean noIommu;

    /** An IOAS with the devices attached to it. */
    static final class Ioas {
        private final PinnedSpace space;
        private int attached;

        private Ioas(PinnedSpace space) {
            this.space = space;
        }

        PinnedSpace space() {
            return space;
        }
    }

    WatchedContext(Books books) {
        this.books = books;
        books.contexts.incrementAndGet();
    }

    Books books() {
        return books;
    }

    private Ioas find(int id) {
        var found = spaces.get(id);
        if (found == null) {
            throw new VfioException(Errno.ENOENT, "there is no IOAS " + id);
        }
        return found;
    }

    PinnedSpace space(int id) {
        objectsLock.lock();
        try {
            return find(id).space;
        } finally {
            objectsLock.unlock();
        }
    }

    /** Keeps an IOAS from being destroyed until {@link #detach}. */
    Ioas attach(int id) {
        objectsLock.lock();
        try {
            var found = find(id);
            found.attached++;
            return found;
        } finally {
            objectsLock.unlock();
        }
    }

    void detach(Ioas ioas) {
        objectsLock.lock();
        try {
            books.require(ioas.attached-- > 0, "an IOAS was detached too often");
        } finally {
            objectsLock.unlock();
        }
    }

    int addUser(Object user) {
        objectsLock.lock();
        try {
            books.require(references > 0, "an object is made in a dead context");
            users.add(user);
            references++;
            return nextId++;
        } finally {
            objectsLock.unlock();
        }
    }

    void removeUser(Object user) {
        objectsLock.lock();
        try {
            books.require(users.remove(user), "an object was removed twice");
        } finally {
            objectsLock.unlock();
        }
        release();
    }

    @Override
    public void retain() {
        objectsLock.lock();
        try {
            if (references == 0) {
                throw new VfioException(Errno.EBADF, "the context is gone");
            }
            references++;
        } finally {
            objectsLock.unlock();
        }
    }

    @Override
    public void release() {
        objectsLock.lock();
        try {
            if (--references == 0) {
                books.require(users.isEmpty(), "a context goes while devices are bound to it");
                spaces.values().forEach(ioas -> {
                    books.require(ioas.attached == 0, "an IOAS goes with devices attached");
                    ioas.space.close();
                });
                books.contexts.decrementAndGet();
            }
            books.require(references >= 0, "a context was released too often");
        } finally {
            objectsLock.unlock();
        }
    }

    @Override
    public IommufdDevice bind(BusDevice device) {
        var group = device.iommuGroup().orElseThrow();
        group.claimDmaOwner(this, true);
        return new WatchedBinding(this, group);
    }

    @Override
    public IommufdAccess createAccess(AccessClient client) {
        return new WatchedAccess(this, client);
    }

    @Override
    public boolean hasGroup(IommuGroup group) {
        return false;
    }

    @Override
    public int compatIoas() {
        objectsLock.lock();
        try {
            if (compat == 0) {
                throw new VfioException(Errno.ENODEV, "there is no compat IOAS");
            }
            return compat;
        } finally {
            objectsLock.unlock();
        }
    }

    @Override
    public void ensureCompatIoas() {
        objectsLock.lock();
        try {
            if (noIommu) {
                throw new VfioException(Errno.EINVAL, "the context is in no-IOMMU mode");
            }
            if (compat == 0) {
                compat = allocateIoas();
            }
        } finally {
            objectsLock.unlock();
        }
    }

    @Override
    public boolean hasCompatIoas() {
        objectsLock.lock();
        try {
            return compat != 0;
        } finally {
            objectsLock.unlock();
        }
    }

    @Override
    public void setNoIommuMode() {
        objectsLock.lock();
        try {
            if (compat != 0) {
                throw new VfioException(Errno.EINVAL, "the context has a compat IOAS");
            }
            noIommu = true;
        } finally {
            objectsLock.unlock();
        }
    }

    @Override
    public boolean noIommuMode() {
        objectsLock.lock();
        try {
            return noIommu;
        } finally {
            objectsLock.unlock();
        }
    }

    @Override
    public int allocateIoas() {
        objectsLock.lock();
        try {
            spaces.put(nextId, new Ioas(new PinnedSpace(books)));
            return nextId++;
        } finally {
            objectsLock.unlock();
        }
    }

    @Override
    public void destroy(int id) {
        objectsLock.lock();
        try {
            if (find(id).attached != 0) {
                throw new VfioException(Errno.EBUSY, "devices are attached to IOAS " + id);
            }
            spaces.remove(id);
            if (compat == id) {
                compat = 0;
            }
        } finally {
            objectsLock.unlock();
        }
    }

    @Override
    public long map(Caller caller, int ioas, int flags, long vaddr, long length, long iova) {
        throw new UnsupportedOperationException("raw calls only");
    }

    @Override
    public long unmap(int ioas, long iova, long length) {
        throw new UnsupportedOperationException("raw calls only");
    }

    @Override
    public DmaLimits limits(int ioas) {
        throw new UnsupportedOperationException("raw calls only");
    }

    @Override
    public boolean compatEnforcesCoherency() {
        return true;
    }
}
