// SPDX-License-Identifier: Apache-2.0
package org.vfio4j;

import java.util.Optional;

/**
 * Migration of an open device: moves it between states and yields the data that carries its state to another device
 * (kernel: the features {@code MIGRATION}, {@code MIG_DEVICE_STATE}, {@code MIG_DATA_SIZE} and
 * {@code MIG_PRECOPY_INFOv2}). Thread-safe. Spec: core §12.
 */
public interface Migration {
    /** What the device can do: a mask of {@code VFIO_MIGRATION_*} in {@link org.vfio4j.uapi.VfioMigration}. */
    int flags();

    /** The state now. */
    MigrationState state();

    /**
     * Moves the device to a state, over those between, and returns when it is there.
     *
     * @return the data of a session that this move started: to be read after moves to PRE_COPY, PRE_COPY_P2P and STOP_COPY,
     *     to be written after one to RESUMING. Empty when it started none; from PRE_COPY to STOP_COPY the session goes on
     *     with the data it has. To be closed by the caller
     * @throws org.vfio4j.uapi.VfioException EINVAL for a state the device does not have or cannot reach from here, or the
     *     errno of the step that failed: {@link #state} tells where the device is then
     */
    Optional<MigrationData> move(MigrationState state);

    /** Estimate, in bytes, of what a STOP_COPY session would transfer now. */
    long dataSize();

    /**
     * Makes the flags in {@link MigrationData#precopyInfo} meaningful until the device is closed.
     *
     * @throws org.vfio4j.uapi.VfioException EINVAL when the device has no PRE_COPY
     */
    void enablePrecopyFlags();
}
