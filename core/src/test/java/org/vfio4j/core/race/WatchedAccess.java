// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.race;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.iommu.AccessClient;
import org.vfio4j.spi.iommu.IommufdAccess;
import org.vfio4j.spi.iommu.IommufdContext;
import org.vfio4j.spi.memory.RunSink;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** An emulated device in a {@link WatchedContext}: attach and detach come under the set lock, pins from anywhere. */
final class WatchedAccess implements IommufdAccess {
    private final WatchedContext context;
    private final AccessClient client;
    private final int id;

    /** Guards the two spaces. Inside the driver's lock of its pins, outside the space's. */
    private final ReentrantLock ioasLock = new ReentrantLock();

    /** Where pins are made. */
    private WatchedContext.@Nullable Ioas ioas;

    /** Where pins are taken back; it stays while the client is asked to take them all back. */
    private WatchedContext.@Nullable Ioas pinned;

    WatchedAccess(WatchedContext context, AccessClient client) {
        this.context = context;
        this.client = client;
        this.id = context.addUser(this);
    }

    @Override
    public int id() {
        return id;
    }

    @Override
    public IommufdContext context() {
        return context;
    }

    @Override
    public int attach(int id) {
        var next = context.attach(id);
        detach();
        next.space().join(client);
        ioasLock.lock();
        try {
            ioas = next;
            pinned = next;
        } finally {
            ioasLock.unlock();
        }
        return id;
    }

    @Override
    public void detach() {
        WatchedContext.Ioas old;
        ioasLock.lock();
        try {
            old = ioas;
            ioas = null;
        } finally {
            ioasLock.unlock();
        }
        if (old == null) {
            return;
        }
        client.dmaUnmap(0, Long.MAX_VALUE);
        old.space().leave(client);
        ioasLock.lock();
        try {
            pinned = null;
        } finally {
            ioasLock.unlock();
        }
        context.detach(old);
    }

    @Override
    public boolean attached() {
        ioasLock.lock();
        try {
            return ioas != null;
        } finally {
            ioasLock.unlock();
        }
    }

    @Override
    public void pin(long iova, long length, boolean write, RunSink sink) {
        ioasLock.lock();
        try {
            if (ioas == null) {
                throw new VfioException(Errno.ENOENT, "not attached");
            }
            ioas.space().pin(iova);
        } finally {
            ioasLock.unlock();
        }
        sink.run(iova, length);
    }

    @Override
    public void unpin(long iova, long length) {
        ioasLock.lock();
        try {
            if (pinned == null) {
                context.books().violation("unpin through an access that is not attached");
                return;
            }
            pinned.space().unpin(iova);
        } finally {
            ioasLock.unlock();
        }
    }

    @Override
    public void rw(long iova, MemorySegment buffer, boolean write) {
        throw new VfioException(Errno.ENOENT, "not attached");
    }

    @Override
    public void destroy() {
        detach();
        context.removeUser(this);
    }
}
