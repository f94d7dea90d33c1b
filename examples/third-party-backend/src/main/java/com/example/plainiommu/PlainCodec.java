// SPDX-License-Identifier: Apache-2.0
package com.example.plainiommu;

import java.lang.foreign.MemorySegment;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.struct.VfioIommuType1DmaMap;
import org.vfio4j.uapi.struct.VfioIommuType1DmaUnmap;

/** Raw calls of a plain container. It uses type1's numbers and structs, so that programs can map as they are used to. */
final class PlainCodec {
    private PlainCodec() {}

    static long ioctl(PlainContainer container, Caller caller, int command, long argument) {
        switch (command) {
            case VfioIoctl.VFIO_IOMMU_MAP_DMA -> {
                var struct = read(caller, argument, VfioIommuType1DmaMap.SIZEOF);
                requireArgsz("MAP_DMA", VfioIommuType1DmaMap.argsz(struct), VfioIommuType1DmaMap.MIN_ARGSZ);
                container.mapDma(
                        caller,
                        VfioIommuType1DmaMap.flags(struct),
                        VfioIommuType1DmaMap.vaddr(struct),
                        VfioIommuType1DmaMap.iova(struct),
                        VfioIommuType1DmaMap.size(struct));
            }
            case VfioIoctl.VFIO_IOMMU_UNMAP_DMA -> {
                var struct = read(caller, argument, VfioIommuType1DmaUnmap.SIZEOF);
                requireArgsz("UNMAP_DMA", VfioIommuType1DmaUnmap.argsz(struct), VfioIommuType1DmaUnmap.MIN_ARGSZ);
                // Whole mappings only: the size that comes back is the one that went in.
                container.unmapDma(
                        caller,
                        VfioIommuType1DmaUnmap.flags(struct),
                        VfioIommuType1DmaUnmap.iova(struct),
                        VfioIommuType1DmaUnmap.size(struct));
            }
            default ->
                throw new VfioException(
                        Errno.ENOTTY, "a plain container knows no ioctl 0x" + Integer.toHexString(command));
        }
        return 0;
    }

    private static MemorySegment read(Caller caller, long address, int size) {
        var struct = MemorySegment.ofArray(new byte[size]);
        caller.memory().read(address, struct, 0, size);
        return struct;
    }

    private static void requireArgsz(String operation, int argsz, int least) {
        if (Integer.compareUnsigned(argsz, least) < 0) {
            throw new VfioException(
                    Errno.EINVAL,
                    operation + " refused: argsz " + Integer.toUnsignedString(argsz) + " is less than " + least);
        }
    }
}
