// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.device;

/**
 * What the core tells a device that can be migrated (kernel: {@code vfio_mig_get_next_state} and the fields of
 * {@code vfio_device}). Thread-safe. Spec: core §12.
 */
public interface MigrationControl {
    /**
     * The next state on the way to another (MG-1).
     *
     * @param flags the device's {@link MigrationOps#flags}
     * @throws org.vfio4j.uapi.VfioException EINVAL when the way is blocked or one of the states does not exist
     */
    int nextState(int flags, int current, int requested);

    /** Whether the user asked, since the first open, for meaningful flags in precopy answers (feature 12; MG-9). */
    boolean precopyInfoV2();
}
