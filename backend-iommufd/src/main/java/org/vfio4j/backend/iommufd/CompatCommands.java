// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import java.lang.foreign.MemorySegment;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.Capability;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioExtension;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.VfioType1;
import org.vfio4j.uapi.struct.VfioIommuType1DmaMap;
import org.vfio4j.uapi.struct.VfioIommuType1DmaUnmap;

/**
 * The shim: the ioctls of a type1 container, answered by the context's compat IOAS (kernel: {@code
 * iommufd_vfio_ioctl}). Spec: iommufd §9.
 */
final class CompatCommands {
    private static final int MAP_FLAGS = VfioType1.VFIO_DMA_MAP_FLAG_READ | VfioType1.VFIO_DMA_MAP_FLAG_WRITE;

    private CompatCommands() {}

    /** Carries out an ioctl that is not one of {@link CommandTable}; unknown ones do not touch their argument. */
    static long dispatch(Context context, Caller caller, int command, long argument) {
        switch (command) {
            case VfioIoctl.VFIO_GET_API_VERSION -> {
                return VfioExtension.VFIO_API_VERSION;
            }
            case VfioIoctl.VFIO_CHECK_EXTENSION -> {
                return checkExtension(context, argument);
            }
            case VfioIoctl.VFIO_SET_IOMMU -> setIommu(context, caller, argument);
            case VfioIoctl.VFIO_IOMMU_GET_INFO -> CompatInfo.answer(context, caller.memory(), argument);
            case VfioIoctl.VFIO_IOMMU_MAP_DMA -> mapDma(context, caller, argument);
            case VfioIoctl.VFIO_IOMMU_UNMAP_DMA -> unmapDma(context, caller, argument);
            default ->
                throw new VfioException(Errno.ENOTTY, "an iommufd has no ioctl 0x" + Integer.toHexString(command));
        }
        return 0;
    }

    private static long checkExtension(Context context, long extension) {
        if (extension == VfioExtension.VFIO_TYPE1_IOMMU
                || extension == VfioExtension.VFIO_TYPE1v2_IOMMU
                || extension == VfioExtension.VFIO_UNMAP_ALL) {
            return context.noIommuMode() ? 0 : 1;
        }
        if (extension == VfioExtension.VFIO_NOIOMMU_IOMMU) {
            return 1;
        }
        if (extension == VfioExtension.VFIO_DMA_CC_IOMMU) {
            return context.compatEnforcesCoherency() ? 1 : 0;
        }
        return 0;
    }

    private static void setIommu(Context context, Caller caller, long type) {
        if (context.noIommuMode()) {
            if (type != VfioExtension.VFIO_NOIOMMU_IOMMU) {
                throw new VfioException(Errno.EINVAL, "SET_IOMMU refused: the iommufd is in no-IOMMU mode");
            }
            if (!caller.capable(Capability.SYS_RAWIO)) {
                throw new VfioException(Errno.EPERM, "SET_IOMMU refused: no-IOMMU mode needs CAP_SYS_RAWIO");
            }
            return;
        }
        if (type != VfioExtension.VFIO_TYPE1_IOMMU && type != VfioExtension.VFIO_TYPE1v2_IOMMU) {
            throw new VfioException(Errno.EINVAL, "SET_IOMMU refused: an iommufd cannot be type " + type);
        }
        Ioas ioas = context.compat().get();
        try {
            if (type == VfioExtension.VFIO_TYPE1_IOMMU) {
                // Version 1 may unmap parts of a mapping, which only works when every page is mapped by itself.
                ioas.engine().setLargePages(false);
            }
        } finally {
            ioas.put();
        }
    }

    private static void mapDma(Context context, Caller caller, long argument) {
        MemorySegment map = load(caller, argument, VfioIommuType1DmaMap.SIZEOF);
        int flags = VfioIommuType1DmaMap.flags(map);
        requireArguments("MAP_DMA", VfioIommuType1DmaMap.argsz(map), VfioIommuType1DmaMap.SIZEOF, flags, MAP_FLAGS);
        Ioas ioas = context.compat().get();
        try {
            // The flags' values are those of Protection; none at all is accepted until there is hardware.
            ioas.map(
                    caller,
                    flags,
                    IoasMapper.FIXED,
                    VfioIommuType1DmaMap.vaddr(map),
                    VfioIommuType1DmaMap.size(map),
                    VfioIommuType1DmaMap.iova(map));
        } finally {
            ioas.put();
        }
    }

    private static void unmapDma(Context context, Caller caller, long argument) {
        MemorySegment unmap = load(caller, argument, VfioIommuType1DmaUnmap.SIZEOF);
        int flags = VfioIommuType1DmaUnmap.flags(unmap);
        requireArguments(
                "UNMAP_DMA",
                VfioIommuType1DmaUnmap.argsz(unmap),
                VfioIommuType1DmaUnmap.SIZEOF,
                flags,
                VfioType1.VFIO_DMA_UNMAP_FLAG_ALL);
        Ioas ioas = context.compat().get();
        IoasUnmapper.Outcome outcome;
        try {
            outcome = unmap(ioas, flags != 0, VfioIommuType1DmaUnmap.iova(unmap), VfioIommuType1DmaUnmap.size(unmap));
        } finally {
            ioas.put();
        }
        VfioIommuType1DmaUnmap.size(unmap, outcome.removed());
        caller.memory().write(argument, unmap, 0, VfioIommuType1DmaUnmap.SIZEOF);
        outcome.orThrow();
    }

    private static IoasUnmapper.Outcome unmap(Ioas ioas, boolean everything, long iova, long size) {
        if (everything) {
            if (iova != 0 || size != 0) {
                throw new VfioException(
                        Errno.EINVAL,
                        "UNMAP_DMA refused: everything, but iova " + IovaSpace.hex(iova) + " and size "
                                + IovaSpace.hex(size) + " are not 0");
            }
            return ioas.unmapAll();
        }
        if (!ioas.engine().largePages() && size != 0) {
            ioas.cut(iova + size - 1);
            if (iova != 0) {
                ioas.cut(iova - 1);
            }
        }
        try {
            return ioas.unmapIfAny(iova, size);
        } catch (VfioException refused) {
            return new IoasUnmapper.Outcome(0, refused);
        }
    }

    private static void requireArguments(String what, int argsz, int least, int flags, int knownFlags) {
        if (Integer.compareUnsigned(argsz, least) < 0 || (flags & ~knownFlags) != 0) {
            throw new VfioException(
                    Errno.EINVAL,
                    what + " refused: argsz " + Integer.toUnsignedString(argsz) + ", flags 0x"
                            + Integer.toHexString(flags));
        }
    }

    private static MemorySegment load(Caller caller, long argument, int size) {
        MemorySegment struct = MemorySegment.ofArray(new byte[size]);
        caller.memory().read(argument, struct, 0, size);
        return struct;
    }
}
