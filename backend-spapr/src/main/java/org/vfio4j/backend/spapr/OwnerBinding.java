// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The address space a container belongs to: nobody's at first, then the first caller's that charges, registers or changes
 * windows, until the container is released (kernel: {@code tce_container.mm}). Thread-safe. Spec: spapr §2 rule 4.
 */
final class OwnerBinding {
    private final RegionTables tables;
    private final AtomicReference<@Nullable RegionTable> owner = new AtomicReference<>();

    OwnerBinding(RegionTables tables) {
        this.tables = tables;
    }

    /**
     * Lets callers of the owner pass, and everybody while there is none.
     *
     * @throws VfioException EPERM
     */
    void requireNotForeign(String operation, Caller caller) {
        RegionTable now = owner.get();
        if (now != null && now.memory() != caller.memory()) {
            throw foreign(operation);
        }
    }

    /**
     * Makes the caller's address space the owner unless there is one.
     *
     * @throws VfioException EPERM when it is another one
     */
    void bind(String operation, Caller caller) {
        requireNotForeign(operation, caller);
        if (owner.get() == null) {
            RegionTable own = tables.acquire(caller.memory());
            if (!owner.compareAndSet(null, own)) {
                tables.release(own);
                requireNotForeign(operation, caller);
            }
        }
    }

    /**
     * Memory registered in the owner's address space.
     *
     * @throws VfioException EPERM when there is no owner yet
     */
    RegionTable regions(String operation) {
        RegionTable now = owner.get();
        if (now == null) {
            throw Refusal.of(Errno.EPERM, operation, "the container belongs to no address space yet");
        }
        return now;
    }

    /** The same, or null without an owner. */
    @Nullable
    RegionTable regionsOrNull() {
        return owner.get();
    }

    /** The container belongs to nobody again. */
    void release() {
        RegionTable now = owner.getAndSet(null);
        if (now != null) {
            tables.release(now);
        }
    }

    private static VfioException foreign(String operation) {
        return Refusal.of(Errno.EPERM, operation, "the container belongs to another address space");
    }
}
