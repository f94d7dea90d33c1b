// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.fslmc;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.vfio4j.spi.call.UapiMapping;
import org.vfio4j.spi.device.RegionInfo;
import org.vfio4j.spi.fslmc.McObject;
import org.vfio4j.spi.fslmc.McRegion;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioRegion;

/** The regions of an object and the rules of access to them. Immutable. Spec: fsl-mc §4.1, §5, §6, §7. */
final class RegionTable {
    static final int REGION_SHIFT = 40;
    private static final long OFFSET_MASK = (1L << REGION_SHIFT) - 1;

    private static final int PROT_READ = 1;
    private static final int PROT_WRITE = 2;

    private final McObject object;
    private final List<McRegion> regions;
    private final int pageSize;
    private final PollClock clock;

    RegionTable(McObject object, int pageSize, PollClock clock) {
        this.object = object;
        this.regions = object.regions();
        this.pageSize = pageSize;
        this.clock = clock;
    }

    int count() {
        return regions.size();
    }

    RegionInfo info(int index) {
        if (index < 0 || index >= regions.size()) {
            throw new VfioException(
                    Errno.EINVAL,
                    "GET_REGION_INFO refused: " + object.name() + " has " + regions.size() + " regions, not "
                            + Integer.toUnsignedString(index));
        }
        return new RegionInfo(index, flags(index), regions.get(index).size(), (long) index << REGION_SHIFT);
    }

    private int flags(int index) {
        int flags = VfioRegion.VFIO_REGION_INFO_FLAG_READ | VfioRegion.VFIO_REGION_INFO_FLAG_WRITE;
        var region = regions.get(index);
        boolean wholePages = (region.start() & (pageSize - 1)) == 0 && (region.size() & (pageSize - 1)) == 0;
        return !object.isContainer() && wholePages ? flags | VfioRegion.VFIO_REGION_INFO_FLAG_MMAP : flags;
    }

    long read(long position, MemorySegment target) {
        PortalWords.read(object, accessed("read", position, target.byteSize()), target);
        return PortalWords.LENGTH;
    }

    long write(long position, MemorySegment source) {
        PortalWords.write(object, accessed("write", position, source.byteSize()), source, clock);
        return PortalWords.LENGTH;
    }

    private int accessed(String access, long position, long count) {
        long index = position >>> REGION_SHIFT;
        long offset = position & OFFSET_MASK;
        if (index >= regions.size() || count != PortalWords.LENGTH || offset != 0) {
            throw new VfioException(
                    Errno.EINVAL,
                    access + " refused: " + count + " bytes at 0x" + Long.toHexString(offset) + " of region " + index
                            + " of " + object.name() + ", which has " + regions.size()
                            + " regions and takes 64 bytes at 0");
        }
        return (int) index;
    }

    UapiMapping mmap(long position, long length, int protection, boolean shared) {
        long index = position >>> REGION_SHIFT;
        long offset = position & OFFSET_MASK;
        if ((offset & (pageSize - 1)) != 0 || (length & (pageSize - 1)) != 0 || length <= 0) {
            throw unmappable(index, offset, length, "it is not whole pages");
        }
        if (!shared) {
            throw unmappable(index, offset, length, "a private mapping cannot show registers");
        }
        if (index >= regions.size()) {
            throw unmappable(index, offset, length, "there is no such region");
        }
        int flags = flags((int) index);
        var memory = object.regionMemory((int) index);
        if ((flags & VfioRegion.VFIO_REGION_INFO_FLAG_MMAP) == 0 || memory == null) {
            throw unmappable(index, offset, length, "the region cannot be mapped");
        }
        var region = regions.get((int) index);
        if (region.size() < pageSize || offset + length > region.size()) {
            throw unmappable(index, offset, length, "the region has 0x" + Long.toHexString(region.size()) + " bytes");
        }
        if ((protection & (PROT_READ | PROT_WRITE)) == 0) {
            return new PortalMapping(object.name(), MemorySegment.NULL, cached(region));
        }
        var part = memory.asSlice(offset, length);
        return new PortalMapping(
                object.name(), (protection & PROT_WRITE) != 0 ? part : part.asReadOnly(), cached(region));
    }

    private VfioException unmappable(long index, long offset, long length, String reason) {
        return new VfioException(
                Errno.EINVAL,
                "mmap refused: 0x" + Long.toHexString(length) + " bytes at 0x" + Long.toHexString(offset)
                        + " of region " + index + " of " + object.name() + ": " + reason);
    }

    /** Caching needs both: coherent with the device, and allowed. */
    private static boolean cached(McRegion region) {
        return region.cacheable() && region.shareable();
    }
}
