// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.iommu.AccessClient;
import org.vfio4j.spi.iommu.IommufdAccess;
import org.vfio4j.spi.iommu.IommufdContext;
import org.vfio4j.spi.memory.RunSink;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * ACCESS object: use of an IOAS by a device without DMA of its own (kernel: {@code struct iommufd_access}). Holds a
 * reference to its context, and a user on its IOAS while attached. Spec: iommufd §6.7.
 */
final class Access extends IommufdObject implements IommufdAccess {
    private final Context context;
    private final AccessClient client;

    /**
     * Guards the fields below. Taken before any lock of the engine; never held around the client's callback.
     */
    private final ReentrantLock accessLock = new ReentrantLock();

    /** What pins and copies use. Null while detached and while a detach or replace asks the client to let go. */
    private @Nullable Ioas attached;

    /** True while a detach or replace runs its callback. */
    private boolean changing;

    /** Pins not given back yet, by address. */
    private final IntervalTree<AccessPin> pins = new IntervalTree<>();

    Access(Context context, AccessClient client) {
        this.context = context;
        this.client = client;
    }

    @Override
    String kind() {
        return "access";
    }

    AccessClient client() {
        return client;
    }

    boolean pinsPages() {
        return client.needsPinPages();
    }

    @Override
    public IommufdContext context() {
        return context;
    }

    @Override
    public int attach(int ioasId) {
        Ioas target = context.objects().get(ioasId, Ioas.class);
        try {
            change(target);
            return ioasId;
        } finally {
            target.put();
        }
    }

    @Override
    public void detach() {
        change(null);
    }

    @Override
    public boolean attached() {
        accessLock.lock();
        try {
            return attached != null;
        } finally {
            accessLock.unlock();
        }
    }

    @Override
    public void pin(long iova, long length, boolean write, RunSink sink) {
        accessLock.lock();
        try {
            pins.insert(IoasAccessor.pin(engine(), iova, length, write, sink));
        } finally {
            accessLock.unlock();
        }
    }

    @Override
    public void unpin(long iova, long length) {
        accessLock.lock();
        try {
            AccessPin pin = pinned(iova, iova + length - 1);
            if (pin == null) {
                context.errors()
                        .report("access " + id() + " gives back a pin it does not hold: "
                                + IovaSpace.range(iova, iova + length - 1));
                return;
            }
            pins.remove(pin);
            IoasAccessor.unpin(pin);
        } finally {
            accessLock.unlock();
        }
    }

    @Override
    public void rw(long iova, MemorySegment buffer, boolean write) {
        accessLock.lock();
        try {
            IoasAccessor.copy(engine(), iova, buffer, write);
        } finally {
            accessLock.unlock();
        }
    }

    @Override
    public void destroy() {
        detach();
        context.objects().remove(this);
        context.release();
    }

    @Override
    void free() {
        accessLock.lock();
        try {
            for (AccessPin pin = pins.first(); pin != null; pin = pins.first()) {
                context.errors().report("access was destroyed with a pin on " + IovaSpace.range(pin.start, pin.last));
                pins.remove(pin);
                IoasAccessor.unpin(pin);
            }
        } finally {
            accessLock.unlock();
        }
    }

    /** Moves to another IOAS, or to none: joins the new one first, has the client let go, then leaves the old one. */
    private void change(@Nullable Ioas target) {
        Ioas old;
        accessLock.lock();
        try {
            if (changing) {
                throw new VfioException(Errno.EBUSY, "access " + id() + " is being attached or detached already");
            }
            old = attached;
            if (old == target) {
                return;
            }
            if (target != null) {
                target.engine().addAccess(this);
                target.addUser();
            }
            if (old == null) {
                attached = target;
                return;
            }
            attached = null;
            changing = true;
        } finally {
            accessLock.unlock();
        }
        try {
            client.dmaUnmap(0, -1);
        } finally {
            accessLock.lock();
            try {
                attached = target;
                changing = false;
            } finally {
                accessLock.unlock();
            }
            old.engine().removeAccess(this);
            old.dropUsers(1);
        }
    }

    private IoPageTable engine() {
        Ioas ioas = attached;
        if (ioas == null) {
            throw new VfioException(Errno.ENOENT, "access " + id() + " is not attached to an IOAS");
        }
        return ioas.engine();
    }

    /** A pin of exactly this range, or null. */
    private @Nullable AccessPin pinned(long iova, long last) {
        AccessPin pin = pins.firstIntersecting(iova, last);
        while (pin != null && Long.compareUnsigned(pin.start, iova) <= 0) {
            if (pin.start == iova && pin.last == last) {
                return pin;
            }
            pin = pins.next(pin);
        }
        return null;
    }
}
