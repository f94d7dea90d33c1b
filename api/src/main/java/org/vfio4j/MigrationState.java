// SPDX-License-Identifier: Apache-2.0
package org.vfio4j;

import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioMigration;

/** States of a device's migration (kernel: {@code enum vfio_device_mig_state}). Spec: core §12. */
public enum MigrationState {
    /** The device failed while moving; only a reset leaves this state, and it cannot be asked for. */
    ERROR(VfioMigration.VFIO_DEVICE_STATE_ERROR),
    /** Neither DMA nor interrupts nor changes of its own. */
    STOP(VfioMigration.VFIO_DEVICE_STATE_STOP),
    /** At work; the state after opening. */
    RUNNING(VfioMigration.VFIO_DEVICE_STATE_RUNNING),
    /** Stopped; its state is being read. */
    STOP_COPY(VfioMigration.VFIO_DEVICE_STATE_STOP_COPY),
    /** Stopped; a state is being written to it. */
    RESUMING(VfioMigration.VFIO_DEVICE_STATE_RESUMING),
    /** At work, but starts no DMA to other devices. */
    RUNNING_P2P(VfioMigration.VFIO_DEVICE_STATE_RUNNING_P2P),
    /** At work while its state is being read. */
    PRE_COPY(VfioMigration.VFIO_DEVICE_STATE_PRE_COPY),
    /** As PRE_COPY, but starts no DMA to other devices. */
    PRE_COPY_P2P(VfioMigration.VFIO_DEVICE_STATE_PRE_COPY_P2P);

    private final int number;

    MigrationState(int number) {
        this.number = number;
    }

    /** {@code VFIO_DEVICE_STATE_*}. */
    public int number() {
        return number;
    }

    /**
     * The state of a number.
     *
     * @throws VfioException EINVAL for a number that is no state
     */
    public static MigrationState of(int number) {
        for (var state : values()) {
            if (state.number == number) {
                return state;
            }
        }
        throw new VfioException(Errno.EINVAL, number + " is no migration state");
    }
}
