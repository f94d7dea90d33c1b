// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.register;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.vfio4j.spi.memory.FileRange;
import org.vfio4j.spi.model.DoorbellListener;
import org.vfio4j.spi.model.SharedRegisters;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The registers of one device that behave like memory. Their bytes move between where users reach them and where they do not
 * ({@link RegisterPlace}) under the lock that every access of the device takes, so no access meets a place they have left, and
 * nothing the device wrote is lost.
 */
public final class RegisterMemory implements SharedRegisters {
    private final long size;
    private final DoorbellPoller poller;
    private final DoorbellState doorbells;

    /**
     * Held from finding a change of a doorbell until the model has been told, so that rings come in order; before
     * {@link #registerLock}.
     */
    private final ReentrantLock ringLock = new ReentrantLock();

    /** Guards everything below and each access of the device; before the poller's lock, else a leaf. */
    private final ReentrantLock registerLock = new ReentrantLock();

    private final RegisterPlace place;
    private boolean closed;

    /**
     * Registers that read as zeros.
     *
     * @param poller of the machine
     */
    public RegisterMemory(Layout layout, DoorbellListener listener, DoorbellPoller poller) {
        this.size = (layout.length() + RegisterPages.PAGE - 1) & -RegisterPages.PAGE;
        this.poller = poller;
        this.doorbells = new DoorbellState(layout.doorbells(), listener);
        this.place = new RegisterPlace(layout.position(), size);
    }

    @Override
    public boolean mappable() {
        registerLock.lock();
        try {
            return !closed && place.mappable();
        } finally {
            registerLock.unlock();
        }
    }

    @Override
    public long read(long offset, int bytes) {
        registerLock.lock();
        try {
            return closed ? -1 : RegisterWord.read(place.touch(), offset, bytes);
        } catch (InternalError truncated) {
            lost();
            return 0;
        } finally {
            registerLock.unlock();
        }
    }

    @Override
    public void write(long offset, int bytes, long value) {
        if (!doorbells.touches(offset, bytes)) {
            registerLock.lock();
            try {
                put(offset, bytes, value);
            } finally {
                registerLock.unlock();
            }
            return;
        }
        ringLock.lock();
        try {
            registerLock.lock();
            try {
                if (put(offset, bytes, value)) {
                    doorbells.written(place.touch(), offset, bytes);
                }
            } catch (InternalError truncated) {
                lost();
            } finally {
                registerLock.unlock();
            }
            doorbells.ring();
        } finally {
            ringLock.unlock();
        }
    }

    @Override
    public void set(long offset, int bytes, long value) {
        registerLock.lock();
        try {
            if (put(offset, bytes, value)) {
                doorbells.setByDevice(place.touch(), offset, bytes);
            }
        } catch (InternalError truncated) {
            lost();
        } finally {
            registerLock.unlock();
        }
    }

    /** Writes, in the second attempt to a place where nothing else is left. The register lock is held. */
    private boolean put(long offset, int bytes, long value) {
        if (closed) {
            return false;
        }
        try {
            RegisterWord.write(place.touch(), offset, bytes, value);
        } catch (InternalError truncated) {
            lost();
            RegisterWord.write(place.touch(), offset, bytes, value);
        }
        return true;
    }

    /** Somebody who has the file truncated it and so wiped the registers out. The register lock is held. */
    private void lost() {
        place.lost();
        doorbells.cleared();
    }

    @Override
    public void clear() {
        ringLock.lock();
        registerLock.lock();
        try {
            place.clear();
            doorbells.cleared();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            registerLock.unlock();
            ringLock.unlock();
        }
    }

    @Override
    public void beginMapping() {
        registerLock.lock();
        try {
            if (closed) {
                throw new VfioException(Errno.ENODEV, "the registers are gone: the machine is switched off");
            }
            boolean first = !place.mapped();
            place.beginMapping();
            if (first && !doorbells.isEmpty()) {
                poller.add(this);
            }
        } catch (IOException e) {
            throw new VfioException(
                    Errno.ENOMEM, "no file for 0x" + Long.toHexString(size) + " bytes of registers: " + e, e);
        } finally {
            registerLock.unlock();
        }
    }

    @Override
    public void endMapping() {
        ringLock.lock();
        try {
            registerLock.lock();
            try {
                if (closed) {
                    return;
                }
                place.endMapping();
                if (!place.mapped()) {
                    if (!doorbells.isEmpty()) {
                        poller.remove(this);
                    }
                    lookForRings();
                }
            } finally {
                registerLock.unlock();
            }
            doorbells.ring();
        } finally {
            ringLock.unlock();
        }
    }

    @Override
    public void show(boolean reachable) {
        ringLock.lock();
        try {
            registerLock.lock();
            try {
                place.show(reachable);
                lookForRings();
            } finally {
                registerLock.unlock();
            }
            doorbells.ring();
        } finally {
            ringLock.unlock();
        }
    }

    /** Notes doorbells that were written; whether there are any. Both locks are held. */
    private boolean lookForRings() {
        var now = place.touched();
        try {
            return now != null && doorbells.look(now);
        } catch (InternalError truncated) {
            lost();
            return false;
        }
    }

    /** Looks for doorbells that were written, and tells the model; whether there were any. Does not allocate. */
    boolean poll() {
        if (!ringLock.tryLock()) {
            return true; // somebody rings right now
        }
        try {
            boolean found;
            registerLock.lock();
            try {
                found = lookForRings();
            } finally {
                registerLock.unlock();
            }
            doorbells.ring();
            return found;
        } finally {
            ringLock.unlock();
        }
    }

    @Override
    public MemorySegment map(Arena lifetime) {
        registerLock.lock();
        try {
            return place.map(lifetime);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            registerLock.unlock();
        }
    }

    @Override
    public Optional<FileRange> file() {
        registerLock.lock();
        try {
            return place.file();
        } finally {
            registerLock.unlock();
        }
    }

    @Override
    public void close() {
        ringLock.lock();
        registerLock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            if (place.mapped() && !doorbells.isEmpty()) {
                poller.remove(this);
            }
            place.close();
        } finally {
            registerLock.unlock();
            ringLock.unlock();
        }
    }
}
