// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import static org.vfio4j.backend.type1.Refusal.hex;

import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** DIRTY_PAGES, typed: the checks that come before tracking itself. Takes the instance lock. Spec: type1 §11. */
final class DirtyPages {
    private static final String NAME = "DIRTY_PAGES";

    private final InstanceState state;
    private final DirtyTracking tracking;

    DirtyPages(InstanceState state, DirtyTracking tracking) {
        this.state = state;
        this.tracking = tracking;
    }

    /** Refuses v1 containers before anything of the argument is read. */
    void checkVersion() {
        if (!state.version2) {
            throw refuse(Errno.EACCES, "the container is of type v1");
        }
    }

    void start() {
        state.lock.lock();
        try {
            tracking.start();
        } finally {
            state.lock.unlock();
        }
    }

    void stop() {
        state.lock.lock();
        try {
            tracking.stop();
        } finally {
            state.lock.unlock();
        }
    }

    /** Reports and clears what was written in a range that cuts no mapping. */
    void getBitmap(long iova, long size, BitmapTarget target) {
        if (size == 0) {
            throw refuse(Errno.EINVAL, "size is 0");
        }
        if (MapOperation.wraps(iova, size)) {
            throw refuse(Errno.EOVERFLOW, "iova " + hex(iova) + " with size " + hex(size) + " passes 2^64");
        }
        target.check(NAME, size);
        state.lock.lock();
        try {
            long page = state.domains.smallestPage();
            if (target.pageSize() != page || ((iova | size) & (page - 1)) != 0) {
                throw refuse(
                        Errno.EINVAL,
                        "iova " + hex(iova) + ", size " + hex(size) + " or bitmap page size " + hex(target.pageSize())
                                + " does not fit the page size " + hex(page));
            }
            tracking.getBitmap(iova, size, target);
        } finally {
            state.lock.unlock();
        }
    }

    private static VfioException refuse(Errno errno, String reason) {
        return Refusal.of(errno, NAME, reason);
    }
}
