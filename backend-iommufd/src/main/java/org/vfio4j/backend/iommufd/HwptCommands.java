// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import java.lang.foreign.MemorySegment;
import org.vfio4j.spi.host.IommuCapability;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.IommufdHwInfo;
import org.vfio4j.uapi.IommufdHwpt;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.struct.IommuHwInfo;
import org.vfio4j.uapi.struct.IommuHwptAlloc;
import org.vfio4j.uapi.struct.IommuHwptGetDirtyBitmap;
import org.vfio4j.uapi.struct.IommuHwptSetDirtyTracking;

/**
 * Codec of the ioctls on hardware: page tables, what a device's IOMMU can do, dirty tracking. Nested tables, fault queues
 * and PASIDs are not offered, which is what hardware without them looks like. Spec: iommufd §5.10 to §5.13.
 */
final class HwptCommands {
    private static final int ZERO_CHUNK = 256;
    private static final int HW_INFO_RESERVED_SIZE = 3;

    private HwptCommands() {}

    static void alloc(Context context, UserCommand command) {
        MemorySegment struct = command.struct();
        if (IommuHwptAlloc.reserved(struct) != 0) {
            throw new VfioException(Errno.EOPNOTSUPP, "HWPT_ALLOC refused: a reserved field is not 0");
        }
        boolean typed = IommuHwptAlloc.dataType(struct) != IommufdHwpt.IOMMU_HWPT_DATA_NONE;
        if (typed != (IommuHwptAlloc.dataLen(struct) != 0)) {
            throw new VfioException(
                    Errno.EINVAL,
                    "HWPT_ALLOC refused: data type " + IommuHwptAlloc.dataType(struct) + " with "
                            + Integer.toUnsignedString(IommuHwptAlloc.dataLen(struct)) + " bytes of data");
        }
        BoundDevice device = context.objects().get(IommuHwptAlloc.devId(struct), BoundDevice.class);
        try {
            IommufdObject parent = context.objects().find(IommuHwptAlloc.ptId(struct));
            try {
                if (parent instanceof Ioas ioas) {
                    allocPaging(context, command, device, ioas, typed);
                    return;
                }
                if (parent instanceof HwPageTable) {
                    throw new VfioException(
                            Errno.EOPNOTSUPP,
                            "HWPT_ALLOC refused: no table can be nested in hardware page table " + parent.id());
                }
                throw new VfioException(
                        Errno.EINVAL,
                        "HWPT_ALLOC refused: object " + Integer.toUnsignedString(IommuHwptAlloc.ptId(struct))
                                + " is neither an IOAS nor a hardware page table");
            } finally {
                if (parent != null) {
                    parent.put();
                }
            }
        } finally {
            device.put();
        }
    }

    private static void allocPaging(
            Context context, UserCommand command, BoundDevice device, Ioas ioas, boolean typed) {
        MemorySegment struct = command.struct();
        int flags = IommuHwptAlloc.flags(struct);
        boolean dirty = (flags & IommufdHwpt.IOMMU_HWPT_ALLOC_DIRTY_TRACKING) != 0;
        if (typed
                || (flags & ~IommufdHwpt.IOMMU_HWPT_ALLOC_DIRTY_TRACKING) != 0
                || (dirty && !device.busDevice().capable(IommuCapability.DIRTY_TRACKING))) {
            throw new VfioException(
                    Errno.EOPNOTSUPP,
                    "HWPT_ALLOC refused: the IOMMU of " + device.busDevice().name() + " does not offer flags 0x"
                            + Integer.toHexString(flags) + " with data type " + IommuHwptAlloc.dataType(struct));
        }
        HwPageTable table = HwPageTable.create(context, ioas, device, false, dirty);
        try {
            ioas.hwptLock.lock();
            try {
                table.join();
            } finally {
                ioas.hwptLock.unlock();
            }
            IommuHwptAlloc.outHwptId(struct, table.id());
            command.respond();
        } catch (RuntimeException refused) {
            table.abandon(context);
            throw refused;
        }
        context.objects().publish(table);
    }

    static void hwInfo(Context context, UserCommand command) {
        MemorySegment struct = command.struct();
        int flags = IommuHwInfo.flags(struct);
        if ((flags & ~IommufdHwInfo.IOMMU_HW_INFO_FLAG_INPUT_TYPE) != 0 || !reservedIsZero(struct)) {
            throw new VfioException(
                    Errno.EOPNOTSUPP,
                    "GET_HW_INFO refused: unknown flags 0x" + Integer.toHexString(flags)
                            + " or a reserved byte is not 0");
        }
        BoundDevice device = context.objects().get(IommuHwInfo.devId(struct), BoundDevice.class);
        try {
            boolean typed = (flags & IommufdHwInfo.IOMMU_HW_INFO_FLAG_INPUT_TYPE) != 0;
            if (typed && IommuHwInfo.inDataType(struct) != IommufdHwInfo.IOMMU_HW_INFO_TYPE_DEFAULT) {
                throw new VfioException(
                        Errno.EOPNOTSUPP,
                        "GET_HW_INFO refused: the IOMMU has no data of type " + IommuHwInfo.inDataType(struct));
            }
            // The IOMMU tells nothing beyond its capabilities: the data is empty, the caller's buffer cleared.
            clear(command, IommuHwInfo.dataUptr(struct), Integer.toUnsignedLong(IommuHwInfo.dataLen(struct)));
            long capabilities = IommufdHwInfo.IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED;
            if (device.busDevice().capable(IommuCapability.DIRTY_TRACKING)) {
                capabilities |= IommufdHwInfo.IOMMU_HW_CAP_DIRTY_TRACKING;
            }
            IommuHwInfo.dataLen(struct, 0);
            IommuHwInfo.outDataType(struct, IommufdHwInfo.IOMMU_HW_INFO_TYPE_NONE);
            IommuHwInfo.outMaxPasidLog2(struct, 0);
            IommuHwInfo.outCapabilities(struct, capabilities);
            command.respond();
        } finally {
            device.put();
        }
    }

    static void setDirtyTracking(Context context, UserCommand command) {
        int flags = IommuHwptSetDirtyTracking.flags(command.struct());
        if ((flags & ~IommufdHwpt.IOMMU_HWPT_DIRTY_TRACKING_ENABLE) != 0) {
            throw new VfioException(
                    Errno.EOPNOTSUPP, "SET_DIRTY_TRACKING refused: unknown flags 0x" + Integer.toHexString(flags));
        }
        HwPageTable table =
                context.objects().get(IommuHwptSetDirtyTracking.hwptId(command.struct()), HwPageTable.class);
        try {
            DirtyPages.setTracking(table, flags != 0);
        } finally {
            table.put();
        }
    }

    static void getDirtyBitmap(Context context, UserCommand command) {
        MemorySegment struct = command.struct();
        int flags = IommuHwptGetDirtyBitmap.flags(struct);
        if ((flags & ~IommufdHwpt.IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR) != 0
                || IommuHwptGetDirtyBitmap.reserved(struct) != 0) {
            throw new VfioException(
                    Errno.EOPNOTSUPP,
                    "GET_DIRTY_BITMAP refused: unknown flags 0x" + Integer.toHexString(flags)
                            + " or a reserved field is not 0");
        }
        HwPageTable table = context.objects().get(IommuHwptGetDirtyBitmap.hwptId(struct), HwPageTable.class);
        try {
            DirtyPages.read(
                    table,
                    command.memory(),
                    IommuHwptGetDirtyBitmap.data(struct),
                    IommuHwptGetDirtyBitmap.iova(struct),
                    IommuHwptGetDirtyBitmap.length(struct),
                    IommuHwptGetDirtyBitmap.pageSize(struct),
                    (flags & IommufdHwpt.IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR) == 0);
        } finally {
            table.put();
        }
    }

    private static boolean reservedIsZero(MemorySegment struct) {
        for (int i = 0; i < HW_INFO_RESERVED_SIZE; i++) {
            if (IommuHwInfo.reserved(struct, i) != 0) {
                return false;
            }
        }
        return true;
    }

    private static void clear(UserCommand command, long address, long length) {
        MemorySegment zeros = MemorySegment.ofArray(new byte[ZERO_CHUNK]);
        for (long done = 0; done < length; done += ZERO_CHUNK) {
            command.memory().write(address + done, zeros, 0, Math.min(ZERO_CHUNK, length - done));
        }
    }
}
