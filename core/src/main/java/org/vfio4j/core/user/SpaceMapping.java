// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import java.util.concurrent.atomic.AtomicBoolean;
import org.vfio4j.DmaMapping;

/** A mapping the program made. It goes with its space, too: closing it then has nothing left to do. */
final class SpaceMapping implements DmaMapping {
    private final AllocatingSpace space;
    private final long iova;
    private final long length;
    private final AtomicBoolean closed = new AtomicBoolean();

    SpaceMapping(AllocatingSpace space, long iova, long length) {
        this.space = space;
        this.iova = iova;
        this.length = length;
    }

    @Override
    public long iova() {
        return iova;
    }

    @Override
    public long length() {
        return length;
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true) && space.alive()) {
            space.unmap(iova, length);
        }
    }
}
