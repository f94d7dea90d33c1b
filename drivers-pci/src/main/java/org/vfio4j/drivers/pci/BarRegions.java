// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.call.UapiMapping;
import org.vfio4j.spi.device.InfoCapability;
import org.vfio4j.spi.device.RegionInfo;
import org.vfio4j.spi.pci.MappableArea;
import org.vfio4j.spi.pci.PciFunction;
import org.vfio4j.spi.pci.PciResource;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioRegion;

/**
 * The six BAR regions for one period of being open: their addresses taken from the host, their description, and mappings
 * of them. An address range that could not be had keeps its error for later. Spec: pci §4.2, §7, §11.
 */
final class BarRegions implements AutoCloseable {
    static final int COUNT = 6;

    private static final int PROT_WRITE = 2;

    private final PciFunction function;
    private final DeviceMemory memory;
    private final int pageSize;
    private final @Nullable MsixTable table;
    private final @Nullable VfioException[] refusals = new @Nullable VfioException[COUNT];
    private final boolean[] reserved = new boolean[COUNT];

    /** By register: what of it can be mapped, in whole pages. */
    private final List<List<MappableArea>> mappable = new ArrayList<>();

    /** Takes what can be had. */
    BarRegions(PciFunction function, DeviceMemory memory, int pageSize, @Nullable MsixTable table) {
        this.function = function;
        this.memory = memory;
        this.pageSize = pageSize;
        this.table = table;
        for (int bar = 0; bar < COUNT; bar++) {
            boolean present = function.resource(bar).present();
            if (present) {
                reserve(bar);
            }
            mappable.add(present ? mappableAreas(bar) : List.of());
        }
    }

    private void reserve(int bar) {
        try {
            function.requestRegion(bar);
            reserved[bar] = true;
        } catch (VfioException e) {
            refusals[bar] = e;
        }
    }

    private List<MappableArea> mappableAreas(int bar) {
        var resource = function.resource(bar);
        if (resource.kind() != PciResource.Kind.MEMORY || (resource.length() < pageSize && !aloneInPage(bar))) {
            return List.of();
        }
        return List.copyOf(function.mappableAreas(bar));
    }

    /** Whether a register shorter than a page has the page for itself. */
    private boolean aloneInPage(int bar) {
        long page = function.resource(bar).start();
        if ((page & pageSize - 1) != 0) {
            return false;
        }
        for (var neighbour : function.bus().functions()) {
            for (int index = 0; index <= PciFunction.ROM; index++) {
                var other = neighbour.resource(index);
                boolean itself = neighbour == function && index == bar;
                if (!itself
                        && other.present()
                        && other.kind() == PciResource.Kind.MEMORY
                        && other.start() < page + pageSize
                        && page < other.start() + other.length()) {
                    return false;
                }
            }
        }
        return true;
    }

    RegionInfo info(int bar) {
        var resource = function.resource(bar);
        long offset = RegionOffset.of(bar);
        if (!resource.present()) {
            return new RegionInfo(bar, 0, 0, offset);
        }
        int flags = VfioRegion.VFIO_REGION_INFO_FLAG_READ | VfioRegion.VFIO_REGION_INFO_FLAG_WRITE;
        var areas = mappable.get(bar);
        if (areas.isEmpty()) {
            return new RegionInfo(bar, flags, resource.length(), offset);
        }
        flags |= VfioRegion.VFIO_REGION_INFO_FLAG_MMAP;
        if (areas.getFirst().length() < resource.length()) {
            return new RegionInfo(bar, flags, resource.length(), offset, List.of(SparseAreas.capability(areas)));
        }
        if (table == null || table.bar() != bar) {
            return new RegionInfo(bar, flags, resource.length(), offset);
        }
        var mappableTable = new InfoCapability(VfioRegion.VFIO_REGION_INFO_CAP_MSIX_MAPPABLE, 1, new byte[0]);
        return new RegionInfo(bar, flags, resource.length(), offset, List.of(mappableTable));
    }

    /** Fails if the addresses of a register could not be had. */
    void checkReserved(int bar) {
        var refusal = refusals[bar];
        if (refusal != null) {
            throw new VfioException(
                    refusal.errno(),
                    function.name() + ": BAR " + bar + " could not be had when the device was opened",
                    refusal);
        }
    }

    /** Maps part of a register; works while its memory is switched off, touching it does not. */
    UapiMapping map(int bar, long offset, long length, int protection) {
        var areas = mappable.get(bar);
        if (areas.isEmpty()) {
            throw new VfioException(Errno.EINVAL, function.name() + ": BAR " + bar + " cannot be mapped");
        }
        long pages = roundUp(function.resource(bar).length());
        if (offset < 0
                || length <= 0
                || (offset & pageSize - 1) != 0
                || offset > pages
                || roundUp(length) > pages - offset) {
            throw new VfioException(
                    Errno.EINVAL,
                    function.name() + ": cannot map 0x" + Long.toHexString(length) + " bytes at 0x"
                            + Long.toHexString(offset) + " of BAR " + bar + ", which has 0x" + Long.toHexString(pages));
        }
        if (!SparseAreas.cover(areas, offset, roundUp(length), pageSize)) {
            throw new VfioException(
                    Errno.EINVAL,
                    function.name() + ": cannot map 0x" + Long.toHexString(length) + " bytes at 0x"
                            + Long.toHexString(offset) + " of BAR " + bar + ", only " + SparseAreas.text(areas));
        }
        checkReserved(bar);
        var mapping = new BarMapping(function, memory, bar, offset, length, (protection & PROT_WRITE) != 0);
        memory.add(mapping);
        return mapping;
    }

    private long roundUp(long length) {
        return length + pageSize - 1 & -pageSize;
    }

    /** Gives the addresses back. */
    @Override
    public void close() {
        for (int bar = 0; bar < COUNT; bar++) {
            if (reserved[bar]) {
                reserved[bar] = false;
                function.releaseRegion(bar);
            }
        }
    }
}
