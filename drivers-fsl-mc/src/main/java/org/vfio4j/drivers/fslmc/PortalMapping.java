// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.fslmc;

import java.lang.foreign.MemorySegment;
import org.vfio4j.spi.call.UapiMapping;

/** A mapping of a region. It is never revoked: a reset leaves it as it is. Spec: fsl-mc §7. */
final class PortalMapping implements UapiMapping {
    private final String object;
    private final MemorySegment segment;
    private final boolean cached;
    private volatile boolean closed;

    PortalMapping(String object, MemorySegment segment, boolean cached) {
        this.object = object;
        this.segment = segment;
        this.cached = cached;
    }

    /** Whether the processor may cache it. */
    boolean cached() {
        return cached;
    }

    @Override
    public MemorySegment segment() {
        if (closed) {
            throw new IllegalStateException("the mapping of a region of " + object + " is closed");
        }
        return segment;
    }

    @Override
    public void close() {
        closed = true;
    }
}
