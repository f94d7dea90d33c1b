// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.vfio4j.spi.iommu.DmaLimits;
import org.vfio4j.spi.memory.AddressSpace;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioType1;
import org.vfio4j.uapi.struct.VfioInfoCapHeader;
import org.vfio4j.uapi.struct.VfioIommuType1Info;
import org.vfio4j.uapi.struct.VfioIommuType1InfoCapIovaRange;
import org.vfio4j.uapi.struct.VfioIommuType1InfoDmaAvail;
import org.vfio4j.uapi.struct.VfioIovaRange;

/**
 * GET_INFO of the shim: page sizes and a chain of two capabilities behind the struct, mappings available and usable
 * ranges. Never writes beyond the caller's argsz. Spec: iommufd §9 C4.
 */
final class CompatInfo {
    /** Through iova_pgsizes: what programs older than capabilities give. */
    private static final int LEAST_SIZE = VfioIommuType1Info.CAP_OFFSET_OFFSET;

    /** Capabilities start at multiples of 8. */
    private static final int AVAIL_SIZE = 16;

    private static final int VERSION = 1;
    private static final int AVAILABLE = -1;
    private static final int END_OF_CHAIN = 0;

    private CompatInfo() {}

    static void answer(Context context, AddressSpace memory, long argument) {
        MemorySegment info = MemorySegment.ofArray(new byte[VfioIommuType1Info.SIZEOF]);
        memory.read(argument, info, 0, LEAST_SIZE);
        long argsz = Integer.toUnsignedLong(VfioIommuType1Info.argsz(info));
        if (argsz < LEAST_SIZE) {
            throw new VfioException(Errno.EINVAL, "GET_INFO refused: argsz " + argsz);
        }
        Ioas ioas = context.compat().get();
        IoPageTable.Usable usable;
        long pageSizes;
        try {
            usable = ioas.engine().usable();
            pageSizes = ioas.engine().pageSizes();
        } finally {
            ioas.put();
        }
        MemorySegment capabilities = capabilities(usable.ranges());
        long needed = VfioIommuType1Info.SIZEOF + capabilities.byteSize();
        boolean fits = argsz >= needed;
        if (fits) {
            memory.write(argument + VfioIommuType1Info.SIZEOF, capabilities, 0, capabilities.byteSize());
        }
        VfioIommuType1Info.argsz(info, (int) needed);
        VfioIommuType1Info.flags(info, VfioType1.VFIO_IOMMU_INFO_PGSIZES | VfioType1.VFIO_IOMMU_INFO_CAPS);
        VfioIommuType1Info.iovaPgsizes(info, pageSizes(pageSizes, usable.alignment(), context.pageSize()));
        VfioIommuType1Info.capOffset(info, fits ? VfioIommuType1Info.SIZEOF : 0);
        memory.write(argument, info, 0, Math.min(argsz, VfioIommuType1Info.SIZEOF));
    }

    /** Sizes below the CPU's page become that page: programs of type1 know no smaller ones. */
    private static long pageSizes(long hardware, long alignment, int pageSize) {
        long sizes = hardware;
        if ((sizes & (pageSize - 1)) != 0) {
            sizes = (sizes & -pageSize) | pageSize;
        }
        return Long.compareUnsigned(sizes, alignment) > 0 ? sizes : alignment;
    }

    private static MemorySegment capabilities(List<DmaLimits.Range> ranges) {
        int size = AVAIL_SIZE + VfioIommuType1InfoCapIovaRange.SIZEOF + ranges.size() * VfioIovaRange.SIZEOF;
        MemorySegment chain = MemorySegment.ofArray(new byte[size]);

        MemorySegment avail = chain.asSlice(0, AVAIL_SIZE);
        header(avail, VfioType1.VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL, VfioIommuType1Info.SIZEOF + AVAIL_SIZE);
        VfioIommuType1InfoDmaAvail.avail(avail, AVAILABLE);

        MemorySegment usable = chain.asSlice(AVAIL_SIZE);
        header(usable, VfioType1.VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE, END_OF_CHAIN);
        VfioIommuType1InfoCapIovaRange.nrIovas(usable, ranges.size());
        long at = VfioIommuType1InfoCapIovaRange.SIZEOF;
        for (DmaLimits.Range range : ranges) {
            MemorySegment entry = usable.asSlice(at, VfioIovaRange.SIZEOF);
            VfioIovaRange.start(entry, range.start());
            VfioIovaRange.end(entry, range.last());
            at += VfioIovaRange.SIZEOF;
        }
        return chain;
    }

    private static void header(MemorySegment capability, int id, int next) {
        VfioInfoCapHeader.id(capability, id);
        VfioInfoCapHeader.version(capability, VERSION);
        VfioInfoCapHeader.next(capability, next);
    }
}
