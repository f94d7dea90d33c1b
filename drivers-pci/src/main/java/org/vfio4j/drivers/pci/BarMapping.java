// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.call.UapiMapping;
import org.vfio4j.spi.memory.FileRange;
import org.vfio4j.spi.pci.PciFunction;

/**
 * A mapping of part of a BAR. Its view lives in an arena of its own, so that revoking it really ends every access: a
 * segment handed out before throws {@link IllegalStateException} from then on. A segment that died stays dead; after
 * memory decoding is on again {@link #segment()} gives a fresh one of the same bytes. Thread-safe. Spec: pci §11.
 */
final class BarMapping implements UapiMapping {
    private static final long RETRY_NANOS = 20_000;

    private final PciFunction function;
    private final DeviceMemory memory;
    private final int bar;
    private final long offset;
    private final long length;
    private final boolean writable;

    // Guarded by the memory's mappings lock.
    private @Nullable Arena arena;
    private @Nullable MemorySegment view;
    private boolean closed;

    /**
     * Begins a mapping.
     *
     * @throws org.vfio4j.uapi.VfioException ENOMEM when the host cannot give the memory away
     */
    BarMapping(PciFunction function, DeviceMemory memory, int bar, long offset, long length, boolean writable) {
        this.function = function;
        this.memory = memory;
        this.bar = bar;
        this.offset = offset;
        this.length = length;
        this.writable = writable;
        function.beginMapping(bar);
    }

    @Override
    public MemorySegment segment() {
        memory.enterRead();
        try {
            memory.mappingsLock().lock();
            try {
                if (closed) {
                    throw new IllegalStateException(function.name() + ": the mapping of BAR " + bar + " is closed");
                }
                if (!memory.mappable()) {
                    throw new IllegalStateException(
                            function.name() + ": the memory of BAR " + bar + " is switched off (SIGBUS)");
                }
                var current = view;
                return current != null ? current : fill();
            } finally {
                memory.mappingsLock().unlock();
            }
        } finally {
            memory.leaveRead();
        }
    }

    @Override
    public Optional<FileRange> backing() {
        return Optional.ofNullable(function.barFile(bar))
                .map(file -> new FileRange(file.file(), file.offset() + offset));
    }

    private MemorySegment fill() {
        var lifetime = Arena.ofShared();
        MemorySegment whole;
        try {
            whole = function.mapBar(bar, lifetime);
        } catch (RuntimeException e) {
            lifetime.close();
            throw e;
        }
        if (whole == null) {
            lifetime.close();
            throw new IllegalStateException(function.name() + ": BAR " + bar + " can no longer be mapped");
        }
        var part = whole.asSlice(offset, length);
        var fresh = writable ? part : part.asReadOnly();
        arena = lifetime;
        view = fresh;
        return fresh;
    }

    /** Ends all access through the present view; the mappings lock is held. */
    void revoke() {
        var lifetime = arena;
        arena = null;
        view = null;
        while (lifetime != null && lifetime.scope().isAlive()) {
            try {
                lifetime.close();
                return;
            } catch (IllegalStateException inUse) {
                // A native call has the view pinned for as long as it runs.
                LockSupport.parkNanos(RETRY_NANOS);
            }
        }
    }

    @Override
    public void close() {
        memory.mappingsLock().lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            revoke();
        } finally {
            memory.mappingsLock().unlock();
        }
        memory.remove(this);
        function.endMapping(bar);
    }
}
