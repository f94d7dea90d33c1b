// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi;

/**
 * Migration of a device's state.
 */
public final class VfioMigration {
    // flags of VfioDeviceFeatureMigration: optional states the device knows.
    public static final int VFIO_MIGRATION_STOP_COPY = 1 << 0;
    public static final int VFIO_MIGRATION_P2P = 1 << 1;
    public static final int VFIO_MIGRATION_PRE_COPY = 1 << 2;

    // States, in VfioDeviceFeatureMigState.
    public static final int VFIO_DEVICE_STATE_ERROR = 0;
    public static final int VFIO_DEVICE_STATE_STOP = 1;
    public static final int VFIO_DEVICE_STATE_RUNNING = 2;
    public static final int VFIO_DEVICE_STATE_STOP_COPY = 3;
    public static final int VFIO_DEVICE_STATE_RESUMING = 4;
    public static final int VFIO_DEVICE_STATE_RUNNING_P2P = 5;
    public static final int VFIO_DEVICE_STATE_PRE_COPY = 6;
    public static final int VFIO_DEVICE_STATE_PRE_COPY_P2P = 7;

    /** How many there are. */
    public static final int VFIO_DEVICE_STATE_NR = 8;

    /** {@code flags} of {@link org.vfio4j.uapi.struct.VfioPrecopyInfo}. */
    public static final int VFIO_PRECOPY_INFO_REINIT = 1 << 0;

    // device_state of VfioDeviceMigrationInfo, the withdrawn first protocol.
    public static final int VFIO_DEVICE_STATE_V1_STOP = 0;
    public static final int VFIO_DEVICE_STATE_V1_RUNNING = 1 << 0;
    public static final int VFIO_DEVICE_STATE_V1_SAVING = 1 << 1;
    public static final int VFIO_DEVICE_STATE_V1_RESUMING = 1 << 2;
    public static final int VFIO_DEVICE_STATE_MASK = 0x7;

    private VfioMigration() {}
}
