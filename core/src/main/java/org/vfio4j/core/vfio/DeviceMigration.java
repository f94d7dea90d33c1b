// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.device.MigrationOps;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioMigration;

/**
 * Migration of one device (kernel: features 1, 2, 9 and 12 of {@code vfio_device}). The driver moves between states and
 * serialises; the core only hands on. For granted files; no lock is held or needed. Thread-safe. Spec: core §12.
 */
public final class DeviceMigration {
    private final CoreDevice device;
    private final MigrationOps ops;
    private final int flags;

    /**
     * Migration with a driver's ops.
     *
     * @throws VfioException EINVAL when the driver's flags lack STOP_COPY (DR-7)
     */
    DeviceMigration(CoreDevice device, MigrationOps ops) {
        this.device = device;
        this.ops = ops;
        this.flags = ops.flags();
        if ((flags & VfioMigration.VFIO_MIGRATION_STOP_COPY) == 0) {
            throw new VfioException(
                    Errno.EINVAL,
                    "DR-7",
                    "registration of " + device + " refused: its migration flags 0x" + Integer.toHexString(flags)
                            + " lack STOP_COPY");
        }
    }

    /** {@code VFIO_MIGRATION_*}. */
    public int flags() {
        return flags;
    }

    /**
     * The state now, one of {@code VFIO_DEVICE_STATE_*}.
     *
     * @throws VfioException when the driver cannot tell
     */
    public int state() {
        return ops.state();
    }

    /**
     * Moves to a state over all arcs between (MG-5 to MG-7).
     *
     * @param state unchecked; the driver refuses what it cannot reach
     * @return the data of the session the last arc started; null when it started none. The caller closes it
     * @throws VfioException EINVAL for a state that cannot be reached, or the errno of an arc: the device is then in any
     *     state on the way, ERROR too
     */
    public @Nullable MigrationSession setState(int state) {
        var stream = ops.setState(state);
        return stream == null ? null : new MigrationSession(device, stream);
    }

    /** Estimate, in bytes, of what a STOP_COPY session transfers now; in any state (MG-11). */
    public long dataSize() {
        return ops.dataSize();
    }

    /**
     * Makes the flags of precopy answers meaningful from now to the device's last close (feature 12).
     *
     * @throws VfioException EINVAL when the device has no PRE_COPY
     */
    public void enablePrecopyInfoV2() {
        requirePrecopy();
        device.enablePrecopyInfoV2();
    }

    /**
     * Refuses for a device that has no PRE_COPY.
     *
     * @throws VfioException EINVAL
     */
    public void requirePrecopy() {
        if ((flags & VfioMigration.VFIO_MIGRATION_PRE_COPY) == 0) {
            throw noPrecopy(device);
        }
    }

    /** The refusal of feature 12 by a device that cannot migrate, or not with PRE_COPY: EINVAL, not ENOTTY. */
    public static VfioException noPrecopy(CoreDevice device) {
        return new VfioException(
                Errno.EINVAL, "Q-7", "MIG_PRECOPY_INFOv2 refused: " + device + " has no PRE_COPY state");
    }
}
