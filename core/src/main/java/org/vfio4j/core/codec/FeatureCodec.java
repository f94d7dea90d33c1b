// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.codec;

import org.vfio4j.core.vfio.CoreDevice;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioFeature;
import org.vfio4j.uapi.struct.VfioDeviceFeature;

/** DEVICE_FEATURE: the rules that hold for every feature, and who handles which. Spec: core §11. */
final class FeatureCodec {
    private static final int ALL_FLAGS =
            VfioFeature.VFIO_DEVICE_FEATURE_MASK | FeatureRequest.METHODS | VfioFeature.VFIO_DEVICE_FEATURE_PROBE;

    private FeatureCodec() {}

    /** The order of FT-1 to FT-3: the request's form, then whether the feature is supported, then its own rules. */
    static long feature(Caller caller, UserArgument user, CoreDevice device) {
        var header = user.read(VfioDeviceFeature.SIZEOF, VfioDeviceFeature.SIZEOF);
        int argsz = VfioDeviceFeature.argsz(header);
        int flags = VfioDeviceFeature.flags(header);
        UserArgument.requireArgsz("FT-1", "DEVICE_FEATURE", argsz, VfioDeviceFeature.MIN_ARGSZ);
        requireFlags(flags);
        var request = new FeatureRequest(caller, user, flags, Integer.toUnsignedLong(argsz) - VfioDeviceFeature.SIZEOF);
        return switch (request.number()) {
            case VfioFeature.VFIO_DEVICE_FEATURE_MIGRATION,
                    VfioFeature.VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE,
                    VfioFeature.VFIO_DEVICE_FEATURE_MIG_DATA_SIZE ->
                MigrationFeatures.execute(
                        request, device.migration().orElseThrow(() -> unsupported(device, request, "cannot migrate")));
            case VfioFeature.VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2 -> MigrationFeatures.precopyInfoV2(request, device);
            case VfioFeature.VFIO_DEVICE_FEATURE_DMA_LOGGING_START,
                    VfioFeature.VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP,
                    VfioFeature.VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT ->
                DmaLoggingFeatures.execute(
                        request,
                        device.dmaLogging().orElseThrow(() -> unsupported(device, request, "records no DMA writes")));
            default -> device.ops().feature(caller, flags, request.address(), request.length());
        };
    }

    private static void requireFlags(int flags) {
        if ((flags & ~ALL_FLAGS) != 0) {
            throw new VfioException(
                    Errno.EINVAL, "FT-1", "DEVICE_FEATURE refused: unknown flags 0x" + Integer.toHexString(flags));
        }
        if ((flags & FeatureRequest.METHODS) == FeatureRequest.METHODS
                && (flags & VfioFeature.VFIO_DEVICE_FEATURE_PROBE) == 0) {
            throw new VfioException(
                    Errno.EINVAL, "FT-1", "DEVICE_FEATURE refused: GET and SET go together in a PROBE only");
        }
    }

    private static VfioException unsupported(CoreDevice device, FeatureRequest request, String reason) {
        return new VfioException(
                Errno.ENOTTY, "FT-2", "feature " + request.number() + " refused: " + device + " " + reason);
    }
}
