// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A number in memory between 128 bytes of nothing on either side: no other core's data shares its cache lines, nor those
 * the processor fetches along with them.
 */
final class PaddedLong {
    private static final VarHandle ELEMENT = MethodHandles.arrayElementVarHandle(long[].class);
    private static final int PLACE = 16;

    private final long[] cells = new long[2 * PLACE + 1];

    /** The number as the only thread that writes it sees it. */
    long getPlain() {
        return cells[PLACE];
    }

    long getOpaque() {
        return (long) ELEMENT.getOpaque(cells, PLACE);
    }

    long getAcquire() {
        return (long) ELEMENT.getAcquire(cells, PLACE);
    }

    void setOpaque(long value) {
        ELEMENT.setOpaque(cells, PLACE, value);
    }

    void setRelease(long value) {
        ELEMENT.setRelease(cells, PLACE, value);
    }

    long incrementAndGet() {
        return (long) ELEMENT.getAndAdd(cells, PLACE, 1L) + 1;
    }
}
