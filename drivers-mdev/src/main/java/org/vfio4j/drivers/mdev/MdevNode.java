// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.mdev;

import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.device.VfioDevice;
import org.vfio4j.spi.mdev.MdevDevice;

/**
 * A UUID in use: from the moment creation reserves it until removal is complete. All fields but the VFIO device are guarded
 * by the {@linkplain MdevNodes list lock}.
 */
final class MdevNode {
    /** How far a device's life is. */
    enum State {
        /** Creation has not succeeded yet. */
        CREATING,
        /** There is a device. */
        ACTIVE,
        /** Somebody removes it. */
        REMOVING
    }

    private final UUID uuid;
    private final ParentGate gate;

    State state = State.CREATING;

    @Nullable
    MdevDevice device;

    /** The registered device while the driver has it; written under the core's device lock. */
    @Nullable
    VfioDevice vfioDevice;

    MdevNode(UUID uuid, ParentGate gate) {
        this.uuid = uuid;
        this.gate = gate;
    }

    UUID uuid() {
        return uuid;
    }

    /** The parent's. */
    ParentGate gate() {
        return gate;
    }
}
