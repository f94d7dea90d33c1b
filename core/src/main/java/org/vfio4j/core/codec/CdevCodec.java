// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.codec;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.UUID;
import java.util.function.IntConsumer;
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
    private static final ValueLayout.OfLong BIG_ENDIAN =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private CdevCodec() {}

    static long bind(Caller caller, UserArgument user, VfioDeviceFile file) {
        int argsz = VfioDeviceBindIommufd.argsz(user.read(Integer.BYTES, VfioDeviceBindIommufd.SIZEOF));
        UserArgument.requireArgsz("§5.1 step 2", "BIND_IOMMUFD", argsz, VfioDeviceBindIommufd.MIN_ARGSZ);
        long size = Integer.toUnsignedLong(argsz);
        if (size > VfioDeviceBindIommufd.SIZEOF && !user.zeroed(VfioDeviceBindIommufd.SIZEOF, size)) {
            throw new VfioException(
                    Errno.E2BIG,
                    "§5.1 step 3",
                    "BIND_IOMMUFD refused: argsz " + size + " with bytes beyond " + VfioDeviceBindIommufd.SIZEOF
                            + " that are not zero");
        }
        var bind = user.read((int) Math.min(size, VfioDeviceBindIommufd.SIZEOF), VfioDeviceBindIommufd.SIZEOF);
        int flags = VfioDeviceBindIommufd.flags(bind);
        int fd = VfioDeviceBindIommufd.iommufd(bind);
        if (fd < 0 || (flags & ~VfioCdev.VFIO_DEVICE_BIND_FLAG_TOKEN) != 0) {
            throw new VfioException(
                    Errno.EINVAL,
                    "§5.1 step 4",
                    "BIND_IOMMUFD refused: iommufd " + fd + ", flags 0x" + Integer.toHexString(flags));
        }
        if (!(file instanceof CdevFile cdev)) {
            throw new VfioException(
                    Errno.EINVAL,
                    "§5.1 step 5",
                    "BIND_IOMMUFD refused: the file of " + file.device() + " came from GET_DEVICE_FD");
        }
        boolean withToken = (flags & VfioCdev.VFIO_DEVICE_BIND_FLAG_TOKEN) != 0;
        long token = VfioDeviceBindIommufd.tokenUuidPtr(bind);
        cdev.bind(
                withToken ? () -> uuid(caller, user, token) : null,
                () -> context(caller, fd),
                id -> user.writeInt(VfioDeviceBindIommufd.OUT_DEVID_OFFSET, id));
        return 0;
    }

    /** 16 bytes in the order in which a UUID is written. */
    private static UUID uuid(Caller caller, UserArgument user, long address) {
        var bytes = user.allocate(2 * Long.BYTES);
        caller.memory().read(address, bytes, 0, bytes.byteSize());
        return new UUID(bytes.get(BIG_ENDIAN, 0), bytes.get(BIG_ENDIAN, Long.BYTES));
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
        throw new VfioException(
                Errno.EBADFD, "§5.1 step 9", "BIND_IOMMUFD refused: descriptor " + fd + " is no iommufd");
    }

    static long attach(UserArgument user, CdevFile file) {
        var attach = user.read(VfioDeviceAttachIommufdPt.MIN_ARGSZ, VfioDeviceAttachIommufdPt.SIZEOF);
        int argsz = VfioDeviceAttachIommufdPt.argsz(attach);
        UserArgument.requireArgsz("§5.2 step 2", "ATTACH", argsz, VfioDeviceAttachIommufdPt.MIN_ARGSZ);
        int ptId = VfioDeviceAttachIommufdPt.ptId(attach);
        IntConsumer publish = id -> user.writeInt(VfioDeviceAttachIommufdPt.PT_ID_OFFSET, id);
        if (!asksForPasid("ATTACH", VfioDeviceAttachIommufdPt.flags(attach), VfioCdev.VFIO_DEVICE_ATTACH_PASID)) {
            file.attach(ptId, publish);
            return 0;
        }
        file.requirePasids("ATTACH");
        UserArgument.requireArgsz("§5.2 step 5", "ATTACH", argsz, VfioDeviceAttachIommufdPt.SIZEOF);
        file.attachPasid(user.readInt(VfioDeviceAttachIommufdPt.PASID_OFFSET), ptId, publish);
        return 0;
    }

    static long detach(UserArgument user, CdevFile file) {
        var detach = user.read(VfioDeviceDetachIommufdPt.MIN_ARGSZ, VfioDeviceDetachIommufdPt.SIZEOF);
        int argsz = VfioDeviceDetachIommufdPt.argsz(detach);
        UserArgument.requireArgsz("§5.2 step 2", "DETACH", argsz, VfioDeviceDetachIommufdPt.MIN_ARGSZ);
        if (!asksForPasid("DETACH", VfioDeviceDetachIommufdPt.flags(detach), VfioCdev.VFIO_DEVICE_DETACH_PASID)) {
            file.detach();
            return 0;
        }
        file.requirePasids("DETACH");
        UserArgument.requireArgsz("§5.2 step 5", "DETACH", argsz, VfioDeviceDetachIommufdPt.SIZEOF);
        file.detachPasid(user.readInt(VfioDeviceDetachIommufdPt.PASID_OFFSET));
        return 0;
    }

    private static boolean asksForPasid(String operation, int flags, int pasid) {
        if ((flags & ~pasid) != 0) {
            throw new VfioException(
                    Errno.EINVAL, "§5.2 step 3", operation + " refused: unknown flags 0x" + Integer.toHexString(flags));
        }
        return (flags & pasid) != 0;
    }
}
