// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.Collectors;
import org.vfio4j.spi.device.InfoCapability;
import org.vfio4j.spi.pci.MappableArea;
import org.vfio4j.uapi.VfioRegion;
import org.vfio4j.uapi.struct.VfioInfoCapHeader;
import org.vfio4j.uapi.struct.VfioRegionInfoCapSparseMmap;
import org.vfio4j.uapi.struct.VfioRegionSparseMmapArea;

/**
 * Registers of which only some pages can be mapped (kernel: {@code VFIO_REGION_INFO_CAP_SPARSE_MMAP}). A kernel's generic
 * driver knows none, drivers for particular devices do. Spec: pci §1.
 */
final class SparseAreas {
    private SparseAreas() {}

    /** The capability that names them. */
    static InfoCapability capability(List<MappableArea> areas) {
        var bytes = new byte[VfioRegionInfoCapSparseMmap.SIZEOF + areas.size() * VfioRegionSparseMmapArea.SIZEOF];
        var struct = MemorySegment.ofArray(bytes);
        VfioRegionInfoCapSparseMmap.nrAreas(struct, areas.size());
        for (int i = 0; i < areas.size(); i++) {
            var area = VfioRegionInfoCapSparseMmap.areas(struct, i);
            VfioRegionSparseMmapArea.offset(area, areas.get(i).offset());
            VfioRegionSparseMmapArea.size(area, areas.get(i).length());
        }
        var body = new byte[bytes.length - VfioInfoCapHeader.SIZEOF];
        System.arraycopy(bytes, VfioInfoCapHeader.SIZEOF, body, 0, body.length);
        return new InfoCapability(VfioRegion.VFIO_REGION_INFO_CAP_SPARSE_MMAP, 1, body);
    }

    /** Whether one of them has all of a range; one shorter than its last page reaches to that page's end. */
    static boolean cover(List<MappableArea> areas, long offset, long length, int pageSize) {
        for (var area : areas) {
            long end = area.offset() + area.length() + pageSize - 1 & -pageSize;
            if (offset >= area.offset() && offset + length <= end) {
                return true;
            }
        }
        return false;
    }

    static String text(List<MappableArea> areas) {
        return areas.stream()
                .map(area -> "0x" + Long.toHexString(area.length()) + " bytes at 0x" + Long.toHexString(area.offset()))
                .collect(Collectors.joining(", "));
    }
}
