// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.vfio4j.spi.iommu.DmaLimits;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.struct.IommuIoasAllowIovas;
import org.vfio4j.uapi.struct.IommuIoasIovaRanges;
import org.vfio4j.uapi.struct.IommuIovaRange;

/** Codec of the ioctls on address ranges: which may be used and which shall be. Spec: iommufd §5.2, §5.3. */
final class IovaCommands {
    private IovaCommands() {}

    static void ranges(Context context, UserCommand command) {
        MemorySegment struct = command.struct();
        if (IommuIoasIovaRanges.reserved(struct) != 0) {
            throw new VfioException(Errno.EOPNOTSUPP, "IOVA_RANGES refused: a reserved field is not 0");
        }
        IoPageTable.Usable usable;
        Ioas ioas = context.objects().get(IommuIoasIovaRanges.ioasId(struct), Ioas.class);
        try {
            usable = ioas.engine().usable();
        } finally {
            ioas.put();
        }
        List<DmaLimits.Range> ranges = usable.ranges();
        long room = Integer.toUnsignedLong(IommuIoasIovaRanges.numIovas(struct));
        MemorySegment entry = MemorySegment.ofArray(new byte[IommuIovaRange.SIZEOF]);
        long at = IommuIoasIovaRanges.allowedIovas(struct);
        for (int i = 0; i < ranges.size() && i < room; i++) {
            IommuIovaRange.start(entry, ranges.get(i).start());
            IommuIovaRange.last(entry, ranges.get(i).last());
            command.memory().write(at, entry, 0, IommuIovaRange.SIZEOF);
            at += IommuIovaRange.SIZEOF;
        }
        IommuIoasIovaRanges.numIovas(struct, ranges.size());
        IommuIoasIovaRanges.outIovaAlignment(struct, usable.alignment());
        command.respond();
        if (ranges.size() > room) {
            throw new VfioException(
                    Errno.EMSGSIZE, "IOVA_RANGES: " + ranges.size() + " ranges, room for " + room + " was given");
        }
    }

    static void allow(Context context, UserCommand command) {
        MemorySegment struct = command.struct();
        if (IommuIoasAllowIovas.reserved(struct) != 0) {
            throw new VfioException(Errno.EOPNOTSUPP, "ALLOW_IOVAS refused: a reserved field is not 0");
        }
        Ioas ioas = context.objects().get(IommuIoasAllowIovas.ioasId(struct), Ioas.class);
        try {
            ioas.engine().allow(readEntries(command));
        } finally {
            ioas.put();
        }
    }

    private static List<DmaLimits.Range> readEntries(UserCommand command) {
        long count = Integer.toUnsignedLong(IommuIoasAllowIovas.numIovas(command.struct()));
        long at = IommuIoasAllowIovas.allowedIovas(command.struct());
        MemorySegment entry = MemorySegment.ofArray(new byte[IommuIovaRange.SIZEOF]);
        var entries = new TreeMap<Long, DmaLimits.Range>(Long::compareUnsigned);
        for (long i = 0; i < count; i++) {
            command.memory().read(at, entry, 0, IommuIovaRange.SIZEOF);
            at += IommuIovaRange.SIZEOF;
            add(entries, new DmaLimits.Range(IommuIovaRange.start(entry), IommuIovaRange.last(entry)));
        }
        return List.copyOf(entries.values());
    }

    private static void add(NavigableMap<Long, DmaLimits.Range> entries, DmaLimits.Range range) {
        if (Long.compareUnsigned(range.start(), range.last()) >= 0) {
            throw new VfioException(
                    Errno.EINVAL,
                    "ALLOW_IOVAS refused: " + IovaSpace.range(range.start(), range.last()) + " is not ascending");
        }
        Map.Entry<Long, DmaLimits.Range> below = entries.floorEntry(range.last());
        if (below != null && IovaSpace.intersects(below.getValue(), range.start(), range.last())) {
            throw new VfioException(
                    Errno.EINVAL,
                    "ALLOW_IOVAS refused: " + IovaSpace.range(range.start(), range.last()) + " overlaps another entry");
        }
        entries.put(range.start(), range);
    }
}
