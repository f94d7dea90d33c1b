// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi;

/**
 * Values for {@link VfioIoctl#VFIO_DEVICE_FEATURE}.
 */
public final class VfioFeature {
    // flags of VfioDeviceFeature: the bits that hold the feature's number, and what to do.
    public static final int VFIO_DEVICE_FEATURE_MASK = 0xffff;
    public static final int VFIO_DEVICE_FEATURE_GET = 1 << 16;
    public static final int VFIO_DEVICE_FEATURE_SET = 1 << 17;
    public static final int VFIO_DEVICE_FEATURE_PROBE = 1 << 18;

    // op of VfioDeviceFeatureBusMaster.
    public static final int VFIO_DEVICE_FEATURE_CLEAR_MASTER = 0;
    public static final int VFIO_DEVICE_FEATURE_SET_MASTER = 1;

    // The features' numbers.
    public static final int VFIO_DEVICE_FEATURE_PCI_VF_TOKEN = 0;
    public static final int VFIO_DEVICE_FEATURE_MIGRATION = 1;
    public static final int VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE = 2;
    public static final int VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY = 3;
    public static final int VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP = 4;
    public static final int VFIO_DEVICE_FEATURE_LOW_POWER_EXIT = 5;
    public static final int VFIO_DEVICE_FEATURE_DMA_LOGGING_START = 6;
    public static final int VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP = 7;
    public static final int VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT = 8;
    public static final int VFIO_DEVICE_FEATURE_MIG_DATA_SIZE = 9;
    public static final int VFIO_DEVICE_FEATURE_BUS_MASTER = 10;
    public static final int VFIO_DEVICE_FEATURE_DMA_BUF = 11;
    public static final int VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2 = 12;

    private VfioFeature() {}
}
