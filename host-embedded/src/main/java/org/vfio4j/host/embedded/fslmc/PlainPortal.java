// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.fslmc;

import org.vfio4j.spi.fslmc.McRegion;

/**
 * A queue-manager portal that only keeps what is stored in it.
 *
 * @param region as the bus shows it
 * @param memory its bytes
 */
record PlainPortal(McRegion region, PortalMemory memory) implements RegionModel {
    @Override
    public void write(long offset, long value) {
        memory.set(offset, value);
    }

    @Override
    public void reset() {
        memory.segment().fill((byte) 0);
    }
}
