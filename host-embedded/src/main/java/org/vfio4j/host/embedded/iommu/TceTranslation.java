// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.host.DmaFault;
import org.vfio4j.spi.host.TceTableGroup;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.memory.Protection;

/** A port behind TCE windows: the window is chosen by address, its table gives the entry. */
final class TceTranslation extends Translation {
    private static final long PERMISSION = Protection.READ | Protection.WRITE;

    private final TceWindows windows;

    TceTranslation(IommuPort port, TceWindows windows, PhysicalMemory physical) {
        super(port, windows.ports(), physical);
        this.windows = windows;
    }

    @Override
    @Nullable
    IotlbLine walk(long iova, boolean write) {
        boolean anyWindow = false;
        for (int slot = 0; slot < TceTableGroup.SLOTS; slot++) {
            OffHeapTceTable table = windows.table(slot);
            if (table != null) {
                if (table.contains(iova)) {
                    return through(table, iova, write);
                }
                anyWindow = true;
            }
        }
        return refused(anyWindow ? DmaFault.Reason.NOT_MAPPED : DmaFault.Reason.BLOCKED);
    }

    @Override
    void clearWalkCache() {}

    private @Nullable IotlbLine through(OffHeapTceTable table, long iova, boolean write) {
        long entry = table.entryFor(iova);
        if ((entry & PERMISSION) == 0) {
            return refused(DmaFault.Reason.NOT_MAPPED);
        }
        if ((entry & (write ? Protection.WRITE : Protection.READ)) == 0) {
            return refused(DmaFault.Reason.PERMISSION);
        }
        long pageMask = (1L << table.pageShift()) - 1;
        long phys = (entry & ~PERMISSION) + (iova & pageMask);
        return fill(iova, phys, pageMask, (entry & Protection.READ) != 0, (entry & Protection.WRITE) != 0);
    }
}
