// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.codec;

import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.device.DeviceOps;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioFeature;
import org.vfio4j.uapi.struct.VfioDeviceFeature;

/** DEVICE_FEATURE: the rules that hold for every feature, and who handles which. Spec: core §11. */
final class FeatureCodec {
    private static final int METHODS = VfioFeature.VFIO_DEVICE_FEATURE_GET | VfioFeature.VFIO_DEVICE_FEATURE_SET;
    private static final int ALL_FLAGS =
            VfioFeature.VFIO_DEVICE_FEATURE_MASK | METHODS | VfioFeature.VFIO_DEVICE_FEATURE_PROBE;

    private FeatureCodec() {}

    static long feature(Caller caller, UserArgument user, DeviceOps ops) {
        var header = user.read(VfioDeviceFeature.SIZEOF, VfioDeviceFeature.SIZEOF);
        int argsz = VfioDeviceFeature.argsz(header);
        int flags = VfioDeviceFeature.flags(header);
        UserArgument.requireArgsz("FT-1", "DEVICE_FEATURE", argsz, VfioDeviceFeature.SIZEOF);
        if ((flags & ~ALL_FLAGS) != 0
                || ((flags & METHODS) == METHODS && (flags & VfioFeature.VFIO_DEVICE_FEATURE_PROBE) == 0)) {
            throw new VfioException(
                    Errno.EINVAL,
                    "FT-1",
                    "DEVICE_FEATURE refused: flags 0x" + Integer.toHexString(flags) + " ask for nothing");
        }
        int number = flags & VfioFeature.VFIO_DEVICE_FEATURE_MASK;
        return switch (number) {
            case VfioFeature.VFIO_DEVICE_FEATURE_MIGRATION,
                    VfioFeature.VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE,
                    VfioFeature.VFIO_DEVICE_FEATURE_MIG_DATA_SIZE,
                    VfioFeature.VFIO_DEVICE_FEATURE_DMA_LOGGING_START,
                    VfioFeature.VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP,
                    VfioFeature.VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT ->
                throw new VfioException(
                        Errno.ENOTTY, ops.driverName() + " cannot migrate: it has no feature " + number);
            // the answer without PRE_COPY differs from the other migration features'.
            case VfioFeature.VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2 ->
                throw new VfioException(Errno.EINVAL, ops.driverName() + " has no PRE_COPY state");
            default ->
                ops.feature(
                        caller,
                        flags,
                        user.address(VfioDeviceFeature.DATA_OFFSET),
                        Integer.toUnsignedLong(argsz) - VfioDeviceFeature.SIZEOF);
        };
    }
}
