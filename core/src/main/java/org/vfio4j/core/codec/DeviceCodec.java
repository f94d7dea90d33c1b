// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.codec;

import org.vfio4j.core.vfio.CoreDevice;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.device.DeviceOps;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.VfioRegion;
import org.vfio4j.uapi.struct.VfioDeviceInfo;
import org.vfio4j.uapi.struct.VfioIrqInfo;
import org.vfio4j.uapi.struct.VfioRegionInfo;

/** The device-control calls of a granted device file that are the same on both paths. Spec: core DF-1 to DF-4. */
final class DeviceCodec {
    private DeviceCodec() {}

    /** Features and regions are the core's to answer, everything else is the driver's ioctl op. */
    static long ioctl(Caller caller, UserArgument user, CoreDevice device, int command, long argument) {
        var ops = device.ops();
        return switch (command) {
            case VfioIoctl.VFIO_DEVICE_FEATURE -> FeatureCodec.feature(caller, user, device);
            case VfioIoctl.VFIO_DEVICE_GET_REGION_INFO -> regionInfo(user, ops);
            default -> driverIoctl(caller, user, ops, command, argument);
        };
    }

    private static long driverIoctl(Caller caller, UserArgument user, DeviceOps ops, int command, long argument) {
        if (!ops.hasIoctl()) {
            throw new VfioException(Errno.EINVAL, "DF-1", ops.driverName() + " has no device-control calls");
        }
        return switch (command) {
            case VfioIoctl.VFIO_DEVICE_GET_INFO -> info(user, ops);
            case VfioIoctl.VFIO_DEVICE_GET_IRQ_INFO -> irqInfo(user, ops);
            case VfioIoctl.VFIO_DEVICE_SET_IRQS -> ops.setIrqs(IrqSetDecoder.decode(caller, user, ops));
            case VfioIoctl.VFIO_DEVICE_RESET -> {
                ops.reset();
                yield 0;
            }
            default -> ops.ioctl(caller, command, argument);
        };
    }

    private static long info(UserArgument user, DeviceOps ops) {
        var struct = user.read(VfioDeviceInfo.MIN_ARGSZ, VfioDeviceInfo.SIZEOF);
        int argsz = VfioDeviceInfo.argsz(struct);
        UserArgument.requireArgsz("DF-4", "GET_INFO", argsz, VfioDeviceInfo.MIN_ARGSZ);
        var info = ops.info();
        VfioDeviceInfo.flags(struct, info.flags());
        VfioDeviceInfo.numRegions(struct, info.regions());
        VfioDeviceInfo.numIrqs(struct, info.irqs());
        user.write(struct, Math.min(Integer.toUnsignedLong(argsz), info.size()));
        return 0;
    }

    /** DF-3: a caller whose struct is too small for the capabilities learns how much they need. */
    private static long regionInfo(UserArgument user, DeviceOps ops) {
        var struct = user.read(VfioRegionInfo.SIZEOF, VfioRegionInfo.SIZEOF);
        int argsz = VfioRegionInfo.argsz(struct);
        UserArgument.requireArgsz("DF-3", "GET_REGION_INFO", argsz, VfioRegionInfo.SIZEOF);
        var info = ops.regionInfo(VfioRegionInfo.index(struct));
        VfioRegionInfo.flags(struct, info.flags());
        VfioRegionInfo.size(struct, info.size());
        VfioRegionInfo.offset(struct, info.offset());
        var chain = CapabilityChain.of(info.capabilities());
        if (!chain.isEmpty()) {
            VfioRegionInfo.flags(struct, info.flags() | VfioRegion.VFIO_REGION_INFO_FLAG_CAPS);
            int needed = VfioRegionInfo.SIZEOF + chain.size();
            if (Integer.compareUnsigned(argsz, needed) < 0) {
                VfioRegionInfo.argsz(struct, needed);
                VfioRegionInfo.capOffset(struct, 0);
            } else {
                chain.shift(VfioRegionInfo.SIZEOF);
                var bytes = user.allocate(chain.size());
                chain.copyTo(bytes);
                user.writeAt(VfioRegionInfo.SIZEOF, bytes, chain.size());
                VfioRegionInfo.capOffset(struct, VfioRegionInfo.SIZEOF);
            }
        }
        user.write(struct, VfioRegionInfo.SIZEOF);
        return 0;
    }

    private static long irqInfo(UserArgument user, DeviceOps ops) {
        var struct = user.read(VfioIrqInfo.SIZEOF, VfioIrqInfo.SIZEOF);
        UserArgument.requireArgsz("DF-4", "GET_IRQ_INFO", VfioIrqInfo.argsz(struct), VfioIrqInfo.SIZEOF);
        var info = ops.irqInfo(VfioIrqInfo.index(struct));
        VfioIrqInfo.flags(struct, info.flags());
        VfioIrqInfo.count(struct, info.count());
        user.write(struct, VfioIrqInfo.SIZEOF);
        return 0;
    }
}
