// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.Capability;
import org.vfio4j.spi.iommu.BackendEnvironment;
import org.vfio4j.spi.memory.LockedMemory;

/**
 * Whom the pages of a mapping are charged to, fixed when the mapping is made (kernel: {@code enum
 * iopt_pages_account_mode}). Spec: iommufd §6.6.
 */
final class Accounting {
    /** How a context charges mappings of callers without {@code CAP_IPC_LOCK}. */
    enum Mode {
        /** The counter of the mapper's user, shared by all its processes. */
        USER,
        /** The counter of the mapper's address space. */
        PROCESS
    }

    /** Null when nothing is charged. */
    private final @Nullable LockedMemory counter;

    private final Mode mode;
    private final Caller mapper;
    private final int pageSize;

    private Accounting(@Nullable LockedMemory counter, Mode mode, Caller mapper, int pageSize) {
        this.counter = counter;
        this.mode = mode;
        this.mapper = mapper;
        this.pageSize = pageSize;
    }

    static Accounting of(Caller mapper, Mode mode, BackendEnvironment environment) {
        return new Accounting(
                mapper.capable(Capability.IPC_LOCK) ? null : counter(mapper, mode, environment),
                mode,
                mapper,
                environment.memory().pageSize());
    }

    /** The same for another process: nothing is charged to it either, or it is charged in the same way. Spec: iommufd §5.15. */
    Accounting movedTo(Caller next, BackendEnvironment environment) {
        return new Accounting(counter == null ? null : counter(next, mode, environment), mode, next, pageSize);
    }

    private static LockedMemory counter(Caller charged, Mode mode, BackendEnvironment environment) {
        return switch (mode) {
            case USER -> environment.userLockedMemory(charged.uid());
            case PROCESS -> charged.memory().lockedMemory();
        };
    }

    /** Whether both charge the same counter. */
    boolean chargesLike(Accounting other) {
        return counter == other.counter;
    }

    /** Charges pages against the mapper's limit as it is now; false when they would exceed it. */
    boolean tryCharge(long pages) {
        if (counter == null) {
            return true;
        }
        long limit = mapper.memlockLimit();
        return counter.tryCharge(pages, limit == Long.MAX_VALUE ? limit : Long.divideUnsigned(limit, pageSize));
    }

    void uncharge(long pages) {
        if (counter != null) {
            counter.uncharge(pages);
        }
    }
}
