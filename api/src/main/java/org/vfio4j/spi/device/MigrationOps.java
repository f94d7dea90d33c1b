// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.device;

import org.jspecify.annotations.Nullable;

/**
 * What a device that can be migrated does (kernel: {@code struct vfio_migration_ops}). States are
 * {@code VFIO_DEVICE_STATE_*}. Called for a granted file, with no core lock held, by several threads at once: the driver
 * serialises. Spec: core §9.2, §12.
 */
public interface MigrationOps {
    /** {@code VFIO_MIGRATION_*}: STOP_COPY always, with P2P and PRE_COPY or without. Never changes. */
    int flags();

    /**
     * Moves to a state, over every arc that {@link MigrationControl#nextState} names, and returns when the last is done.
     * A failure may leave any state on the path, ERROR too.
     *
     * @param state the state asked for, unchecked
     * @return the session's data when the last arc started one, else null (MG-7)
     * @throws org.vfio4j.uapi.VfioException EINVAL for a state that cannot be reached, or the arc's errno
     */
    @Nullable
    MigrationStream setState(int state);

    /**
     * The state now.
     *
     * @throws org.vfio4j.uapi.VfioException when it cannot be told
     */
    int state();

    /** Estimate of the bytes a STOP_COPY session transfers now, in any state. */
    long dataSize();
}
