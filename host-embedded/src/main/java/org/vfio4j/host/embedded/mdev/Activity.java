// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.mdev;

import org.vfio4j.uapi.VfioMigration;

/** What a device may do by itself in a migration state. Spec: core MG-10. */
enum Activity {
    /** Everything. */
    FULL,
    /**
     * Everything but DMA: a transfer that is asked for waits. Peer-to-peer DMA is what has to end, but a device cannot tell
     * a peer's memory from other memory.
     */
    NO_DMA,
    /** Nothing: neither DMA nor interrupts, and its state stays as it is. */
    NONE;

    /** What a state allows; the state exists. */
    static Activity in(int migrationState) {
        return switch (migrationState) {
            case VfioMigration.VFIO_DEVICE_STATE_RUNNING, VfioMigration.VFIO_DEVICE_STATE_PRE_COPY -> FULL;
            case VfioMigration.VFIO_DEVICE_STATE_RUNNING_P2P, VfioMigration.VFIO_DEVICE_STATE_PRE_COPY_P2P -> NO_DMA;
            default -> NONE;
        };
    }
}
