// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.register;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.spi.memory.FileRange;
import org.vfio4j.spi.model.DoorbellListener;
import org.vfio4j.spi.model.SharedRegisters;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The registers of one device that behave like memory. Their bytes are in one of two places: in {@link PrivatePages}, where
 * the device alone reaches them, or, while there is a mapping and the driver shows it, in a {@link RegisterWindow}. They move
 * under the lock that every access of the device takes, so no access meets a place they have left, and nothing the device
 * wrote is lost. Taken when first touched.
 */
public final class RegisterMemory implements SharedRegisters {
    private static final Logger LOG = LoggerFactory.getLogger(RegisterMemory.class);

    private final Layout layout;
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

    /** Where the device accesses them; null before the first touch and after the end. */
    private @Nullable MemorySegment view;

    private @Nullable PrivatePages store;

    /** There while a mapping exists. */
    private @Nullable RegisterWindow window;

    /** The name windows have, one after the other. */
    private @Nullable Path windowName;

    private int mappings;
    private boolean shown = true;
    private boolean closed;

    /**
     * Registers that read as zeros.
     *
     * @param poller of the machine
     */
    public RegisterMemory(Layout layout, DoorbellListener listener, DoorbellPoller poller) {
        this.layout = layout;
        this.size = (layout.length() + RegisterPages.PAGE - 1) & -RegisterPages.PAGE;
        this.poller = poller;
        this.doorbells = new DoorbellState(layout.doorbells(), listener);
    }

    @Override
    public boolean mappable() {
        registerLock.lock();
        try {
            if (closed) {
                return false;
            }
            touch();
            return window != null || (store != null && store.inFile());
        } finally {
            registerLock.unlock();
        }
    }

    /** The device's view; not after the end. The register lock is held. */
    private MemorySegment touch() {
        var now = view;
        if (now == null) {
            var taken = PrivatePages.of(size);
            store = taken;
            now = taken.view();
            view = now;
        }
        return now;
    }

    @Override
    public long read(long offset, int bytes) {
        registerLock.lock();
        try {
            return closed ? -1 : RegisterWord.read(touch(), offset, bytes);
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
            put(offset, bytes, value);
            return;
        }
        ringLock.lock();
        try {
            registerLock.lock();
            try {
                if (put(offset, bytes, value)) {
                    doorbells.written(touch(), offset, bytes);
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
                doorbells.setByDevice(touch(), offset, bytes);
            }
        } catch (InternalError truncated) {
            lost();
        } finally {
            registerLock.unlock();
        }
    }

    /** Writes, in the second attempt to a place where nothing else is left. */
    private boolean put(long offset, int bytes, long value) {
        registerLock.lock();
        try {
            if (closed) {
                return false;
            }
            try {
                RegisterWord.write(touch(), offset, bytes, value);
            } catch (InternalError truncated) {
                lost();
                RegisterWord.write(touch(), offset, bytes, value);
            }
            return true;
        } finally {
            registerLock.unlock();
        }
    }

    /** Somebody who has the file truncated it and so wiped the registers out. The register lock is held. */
    private void lost() {
        var broken = window;
        if (broken == null || broken.view() == null) {
            throw new IllegalStateException("the device's own pages are gone");
        }
        LOG.warn("registers were wiped out by a program that truncated {}", broken.path());
        broken.shut();
        var fresh = PrivatePages.of(size);
        store = fresh;
        view = fresh.view();
        doorbells.cleared();
    }

    @Override
    public void clear() {
        ringLock.lock();
        registerLock.lock();
        try {
            var place = window != null && window.view() != null ? window : store;
            if (place != null) {
                RegisterPages.clear(place);
            }
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
            if (mappings == 0) {
                makeWindow();
            }
            mappings++;
            try {
                settle();
            } catch (IOException e) {
                if (--mappings == 0) {
                    dropWindow();
                }
                throw noPlace(e);
            }
            if (mappings == 1 && !doorbells.isEmpty()) {
                poller.add(this);
            }
        } finally {
            registerLock.unlock();
        }
    }

    private void makeWindow() {
        try {
            var file = windowName == null ? RegisterFile.make(size) : RegisterFile.make(windowName);
            if (windowName == null) {
                windowName = file.path();
                // Against a program that ends without closing its machine.
                windowName.toFile().deleteOnExit();
            }
            window = new RegisterWindow(file, layout.position(), size);
        } catch (IOException e) {
            throw noPlace(e);
        }
    }

    private VfioException noPlace(IOException cause) {
        return new VfioException(
                Errno.ENOMEM, "no file for 0x" + Long.toHexString(size) + " bytes of registers: " + cause, cause);
    }

    private void dropWindow() {
        var dropped = window;
        window = null;
        if (dropped != null) {
            dropped.close();
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
                if (mappings == 0) {
                    throw new IllegalStateException("more mappings ended than began");
                }
                if (--mappings == 0) {
                    if (!doorbells.isEmpty()) {
                        poller.remove(this);
                    }
                    settleAndLook();
                    dropWindow();
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
                shown = reachable;
                settleAndLook();
            } finally {
                registerLock.unlock();
            }
            doorbells.ring();
        } finally {
            ringLock.unlock();
        }
    }

    /** {@link #settle}, where nobody can be told that it did not work; notes doorbells. Both locks are held. */
    private void settleAndLook() {
        try {
            settle();
        } catch (IOException e) {
            LOG.error("mappings of registers cannot be served: {}", e.toString());
        }
        lookForRings();
    }

    /** Moves the bytes to where they belong now. The register lock is held. */
    private void settle() throws IOException {
        var shared = window;
        boolean wanted = !closed && shown && mappings > 0;
        if (shared == null || wanted == (shared.view() != null)) {
            return;
        }
        if (wanted) {
            touch();
            var from = store;
            if (from != null) {
                view = shared.open(from);
                store = null;
                from.close();
            }
            return;
        }
        var to = copyOf(shared);
        store = to;
        view = to.view();
        shared.shut();
    }

    /** A copy that is complete, wherever there is room for it. */
    private PrivatePages copyOf(RegisterWindow shared) throws IOException {
        var inFile = PrivatePages.of(size);
        try {
            RegisterPages.copy(shared, inFile);
            return inFile;
        } catch (IOException e) {
            LOG.warn("no room for registers in a file: {}", e.toString());
            inFile.close();
        }
        var inMemory = PrivatePages.withoutFile(size);
        try {
            RegisterPages.copy(shared, inMemory);
            return inMemory;
        } catch (IOException e) {
            inMemory.close();
            throw e;
        }
    }

    private void lookForRings() {
        var now = view;
        if (closed || now == null || doorbells.isEmpty()) {
            return;
        }
        try {
            doorbells.look(now);
        } catch (InternalError truncated) {
            lost();
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
                var now = view;
                found = !closed && now != null && doorbells.look(now);
            } catch (InternalError truncated) {
                lost();
                found = false;
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
            var shared = window;
            if (closed || shared == null || shared.view() == null) {
                throw new IllegalStateException("the registers cannot be reached now");
            }
            return shared.map(lifetime);
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
            return Optional.ofNullable(window).map(RegisterWindow::range);
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
            if (mappings > 0 && !doorbells.isEmpty()) {
                poller.remove(this);
            }
            view = null;
            dropWindow();
            var own = store;
            store = null;
            if (own != null) {
                own.close();
            }
        } finally {
            registerLock.unlock();
            ringLock.unlock();
        }
    }
}
