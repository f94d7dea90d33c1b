// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.memory;

import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.call.UapiMapping;
import org.vfio4j.spi.memory.Protection;

/**
 * A mapping of a device's file as memory of its user (kernel: a PFNMAP area). What is behind may be taken away and come back
 * in a view elsewhere, so accesses go through whichever view there is; without one they fail. {@link JvmAddressSpace#show}
 * gives it addresses.
 *
 * <p>It ends the mapping when the user has unmapped it and the last pin is gone, or when {@link #close}d before: then devices
 * that still have it get DMA faults. Thread-safe. Spec: type1 §9.2.
 */
public final class MappedMemory implements AreaMemory, AutoCloseable {
    private final UapiMapping mapping;
    private final long size;
    private final int protection;
    private final Consumer<MappedMemory> onClose;

    /** Held while the mapping is ended, so that whoever comes second returns after that. The file's own locks nest in it. */
    private final ReentrantLock closeLock = new ReentrantLock();

    /** The view used last; dead while the bytes are revoked. */
    private volatile @Nullable MemorySegment view;

    private volatile boolean closed;

    // Guarded by the address space's areasLock: where it is known. The first place is the one the user was told.
    @Nullable
    VmObject first;

    @Nullable
    VmObject latest;

    boolean unmapped;

    private volatile long alignmentAddress;

    /**
     * A mapping, not known anywhere yet.
     *
     * @param mapping what to reach the bytes by; ended by this
     * @param size bytes, whole pages
     * @param protection a mask of {@link Protection}
     * @param onClose called once, when the mapping has been ended
     */
    public MappedMemory(UapiMapping mapping, long size, int protection, Consumer<MappedMemory> onClose) {
        this.mapping = mapping;
        this.size = size;
        this.protection = protection;
        this.onClose = onClose;
    }

    int protection() {
        return protection;
    }

    /** Where its first view lies; before it is inserted anywhere. */
    void alignTo(long address) {
        alignmentAddress = address;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public long alignmentAddress() {
        return alignmentAddress;
    }

    @Override
    public boolean writable() {
        return (protection & Protection.WRITE) != 0;
    }

    @Override
    public boolean deviceMemory() {
        return true;
    }

    /** Always null: a view may be replaced by another one. */
    @Override
    public @Nullable MemorySegment segment() {
        return null;
    }

    /** Whether the file shows the bytes now. */
    @Override
    public boolean alive() {
        if (closed) {
            return false;
        }
        MemorySegment now = view;
        return (now != null && now.scope().isAlive()) || refill() != null;
    }

    /** Registers are not touched to find out whether they are there. */
    @Override
    public boolean populate(long offset, long length, int pageSize) {
        return alive();
    }

    @Override
    public boolean read(long offset, MemorySegment target, long targetOffset, long length) {
        MemorySegment now = view;
        if (now != null && !closed && GuardedCopy.copy(now, offset, target, targetOffset, length)) {
            return true;
        }
        MemorySegment fresh = refill();
        return fresh != null && GuardedCopy.copy(fresh, offset, target, targetOffset, length);
    }

    @Override
    public boolean write(long offset, MemorySegment source, long sourceOffset, long length) {
        if (!writable()) {
            return false;
        }
        MemorySegment now = view;
        if (now != null && !closed && GuardedCopy.copy(source, sourceOffset, now, offset, length)) {
            return true;
        }
        MemorySegment fresh = refill();
        return fresh != null && GuardedCopy.copy(source, sourceOffset, fresh, offset, length);
    }

    /** The file's present view, null while there is none. */
    private @Nullable MemorySegment refill() {
        if (closed) {
            return null;
        }
        try {
            MemorySegment fresh = mapping.segment();
            view = fresh;
            return fresh;
        } catch (IllegalStateException | UncheckedIOException revoked) {
            return null;
        }
    }

    @Override
    public void release() {
        close();
    }

    /** Ends the mapping, whoever still has it. Idempotent. */
    @Override
    public void close() {
        closeLock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            view = null;
            mapping.close();
            onClose.accept(this);
        } finally {
            closeLock.unlock();
        }
    }

    @Override
    public String toString() {
        return "a mapping of " + size + " bytes of a device";
    }
}
