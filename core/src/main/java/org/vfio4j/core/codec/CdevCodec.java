// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.codec;

import org.vfio4j.core.vfio.CdevFile;
import org.vfio4j.core.vfio.VfioDeviceFile;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.iommu.IommufdContext;
import org.vfio4j.spi.iommu.IommufdFile;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioCdev;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.struct.VfioDeviceAttachIommufdPt;
import org.vfio4j.uapi.struct.VfioDeviceBindIommufd;
import org.vfio4j.uapi.struct.VfioDeviceDetachIommufdPt;

/** BIND, ATTACH and DETACH, in the check order of core §5.1 and §5.2. */
final class CdevCodec {
    private CdevCodec() {}

    static long bind(Caller caller, UserArgument user, VfioDeviceFile file) {
        int argsz = VfioDeviceBindIommufd.argsz(user.read(Integer.BYTES, VfioDeviceBindIommufd.SIZEOF));
        UserArgument.requireArgsz("BIND_IOMMUFD", argsz, VfioDeviceBindIommufd.MIN_ARGSZ);
        long size = Integer.toUnsignedLong(argsz);
        if (size > VfioDeviceBindIommufd.SIZEOF && !user.zeroed(VfioDeviceBindIommufd.SIZEOF, size)) {
            throw new VfioException(
                    Errno.E2BIG,
                    "BIND_IOMMUFD refused: argsz " + size + " with bytes beyond " + VfioDeviceBindIommufd.SIZEOF
                            + " that are not zero");
        }
        var bind = user.read((int) Math.min(size, VfioDeviceBindIommufd.SIZEOF), VfioDeviceBindIommufd.SIZEOF);
        int flags = VfioDeviceBindIommufd.flags(bind);
        int fd = VfioDeviceBindIommufd.iommufd(bind);
        if (fd < 0 || (flags & ~VfioCdev.VFIO_DEVICE_BIND_FLAG_TOKEN) != 0) {
            throw new VfioException(
                    Errno.EINVAL, "BIND_IOMMUFD refused: iommufd " + fd + ", flags 0x" + Integer.toHexString(flags));
        }
        if (!(file instanceof CdevFile cdev)) {
            throw new VfioException(
                    Errno.EINVAL, "BIND_IOMMUFD refused: the file of " + file.device() + " came from GET_DEVICE_FD");
        }
        cdev.bind(
                (flags & VfioCdev.VFIO_DEVICE_BIND_FLAG_TOKEN) != 0,
                () -> context(caller, fd),
                id -> user.writeInt(VfioDeviceBindIommufd.OUT_DEVID_OFFSET, id));
        return 0;
    }

    /** The context behind a descriptor, with a reference. */
    private static IommufdContext context(Caller caller, int fd) {
        try (var reference = caller.files().get(fd)) {
            if (reference.file() instanceof IommufdFile iommufd) {
                var context = iommufd.context();
                context.retain();
                return context;
            }
        }
        throw new VfioException(Errno.EBADFD, "BIND_IOMMUFD refused: descriptor " + fd + " is no iommufd");
    }

    static long attach(UserArgument user, CdevFile file) {
        var attach = user.read(VfioDeviceAttachIommufdPt.MIN_ARGSZ, VfioDeviceAttachIommufdPt.SIZEOF);
        UserArgument.requireArgsz(
                "ATTACH", VfioDeviceAttachIommufdPt.argsz(attach), VfioDeviceAttachIommufdPt.MIN_ARGSZ);
        requireNoPasid("ATTACH", VfioDeviceAttachIommufdPt.flags(attach), VfioCdev.VFIO_DEVICE_ATTACH_PASID, file);
        file.attach(
                VfioDeviceAttachIommufdPt.ptId(attach),
                id -> user.writeInt(VfioDeviceAttachIommufdPt.PT_ID_OFFSET, id));
        return 0;
    }

    static long detach(UserArgument user, CdevFile file) {
        var detach = user.read(VfioDeviceDetachIommufdPt.MIN_ARGSZ, VfioDeviceDetachIommufdPt.SIZEOF);
        UserArgument.requireArgsz(
                "DETACH", VfioDeviceDetachIommufdPt.argsz(detach), VfioDeviceDetachIommufdPt.MIN_ARGSZ);
        requireNoPasid("DETACH", VfioDeviceDetachIommufdPt.flags(detach), VfioCdev.VFIO_DEVICE_DETACH_PASID, file);
        file.detach();
        return 0;
    }

    /** Steps 3 and 4: no bus driver has PASID steps. */
    private static void requireNoPasid(String operation, int flags, int pasid, CdevFile file) {
        if ((flags & ~pasid) != 0) {
            throw new VfioException(
                    Errno.EINVAL, operation + " refused: unknown flags 0x" + Integer.toHexString(flags));
        }
        if ((flags & pasid) != 0) {
            throw new VfioException(
                    Errno.EOPNOTSUPP,
                    operation + " refused: driver " + file.device().ops().driverName() + " has no PASID attachments");
        }
    }
}
