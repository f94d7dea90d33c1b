// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.vfio4j.spi.iommu.DmaLimits;
import org.vfio4j.uapi.VfioType1;
import org.vfio4j.uapi.struct.VfioInfoCapHeader;
import org.vfio4j.uapi.struct.VfioIommuType1Info;
import org.vfio4j.uapi.struct.VfioIommuType1InfoCapIovaRange;
import org.vfio4j.uapi.struct.VfioIommuType1InfoCapMigration;
import org.vfio4j.uapi.struct.VfioIommuType1InfoDmaAvail;
import org.vfio4j.uapi.struct.VfioIovaRange;

/**
 * The answer to GET_INFO: the struct with its capability chain, or the struct alone with the {@code argsz} that the chain
 * needs. Order of the chain: migration, mappings available, address ranges (only when there are any). Spec: type1 §12.
 */
final class InfoAnswer {
    private static final int VERSION = 1;
    /** Capabilities start at multiples of this. */
    private static final int ALIGNMENT = 8;

    private final MemorySegment struct;
    private final boolean chain;

    /**
     * Builds the answer.
     *
     * @param argsz bytes the caller offers, unsigned
     */
    InfoAnswer(DmaLimits limits, int argsz) {
        int ranges = limits.ranges().size();
        int available = VfioIommuType1Info.SIZEOF + VfioIommuType1InfoCapMigration.SIZEOF;
        int iovaRange = available + alignUp(VfioIommuType1InfoDmaAvail.SIZEOF);
        int rangesSize = VfioIommuType1InfoCapIovaRange.SIZEOF + ranges * VfioIovaRange.SIZEOF;
        int needed = ranges == 0 ? iovaRange : iovaRange + rangesSize;
        chain = Integer.compareUnsigned(argsz, needed) >= 0;
        int size = chain ? needed : VfioIommuType1Info.SIZEOF;
        struct = MemorySegment.ofArray(new long[size / Long.BYTES]);
        VfioIommuType1Info.argsz(struct, chain ? argsz : needed);
        VfioIommuType1Info.flags(struct, VfioType1.VFIO_IOMMU_INFO_PGSIZES | VfioType1.VFIO_IOMMU_INFO_CAPS);
        VfioIommuType1Info.iovaPgsizes(struct, limits.pageSizes());
        if (chain) {
            VfioIommuType1Info.capOffset(struct, VfioIommuType1Info.SIZEOF);
            migration(VfioIommuType1Info.SIZEOF, available, limits.pageSizes());
            mappingsAvailable(available, ranges == 0 ? 0 : iovaRange, limits.mappingsAvailable());
            if (ranges != 0) {
                iovaRanges(iovaRange, limits.ranges());
            }
        }
    }

    boolean hasChain() {
        return chain;
    }

    /** The struct, followed by the chain when there is one. */
    MemorySegment struct() {
        return struct;
    }

    private void migration(int offset, int next, long pageSizes) {
        MemorySegment capability = struct.asSlice(offset, VfioIommuType1InfoCapMigration.SIZEOF);
        header(VfioIommuType1InfoCapMigration.header(capability), VfioType1.VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION, next);
        VfioIommuType1InfoCapMigration.flags(capability, 0);
        VfioIommuType1InfoCapMigration.pgsizeBitmap(capability, Long.lowestOneBit(pageSizes));
        VfioIommuType1InfoCapMigration.maxDirtyBitmapSize(capability, BitmapTarget.LARGEST);
    }

    private void mappingsAvailable(int offset, int next, long mappings) {
        MemorySegment capability = struct.asSlice(offset, VfioIommuType1InfoDmaAvail.SIZEOF);
        header(VfioIommuType1InfoDmaAvail.header(capability), VfioType1.VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL, next);
        VfioIommuType1InfoDmaAvail.avail(capability, (int) mappings);
    }

    private void iovaRanges(int offset, List<DmaLimits.Range> ranges) {
        MemorySegment capability = struct.asSlice(offset);
        header(VfioIommuType1InfoCapIovaRange.header(capability), VfioType1.VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE, 0);
        VfioIommuType1InfoCapIovaRange.nrIovas(capability, ranges.size());
        for (int i = 0; i < ranges.size(); i++) {
            MemorySegment range = VfioIommuType1InfoCapIovaRange.iovaRanges(capability, i);
            VfioIovaRange.start(range, ranges.get(i).start());
            VfioIovaRange.end(range, ranges.get(i).last());
        }
    }

    private static void header(MemorySegment header, int id, int next) {
        VfioInfoCapHeader.id(header, id);
        VfioInfoCapHeader.version(header, VERSION);
        VfioInfoCapHeader.next(header, next);
    }

    private static int alignUp(int size) {
        return (size + ALIGNMENT - 1) & -ALIGNMENT;
    }
}
