// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.mdev;

import java.lang.foreign.MemorySegment;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.memory.RunSink;

/** How a mediated device reaches its user's memory while it is open. Spec: mdev §7. */
public interface UserMemory {
    /** Memory that pinned runs are in. */
    PhysicalMemory physical();

    /** Pins pages; see {@link org.vfio4j.spi.device.VfioDevice#pinPages}. */
    void pin(long iova, int pages, int protection, RunSink sink);

    /** Takes pins back. */
    void unpin(long iova, int pages);

    /** Copies; see {@link org.vfio4j.spi.device.VfioDevice#dmaRw}. */
    void rw(long iova, MemorySegment buffer, boolean write);
}
