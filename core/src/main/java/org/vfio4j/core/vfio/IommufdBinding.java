// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.vfio4j.spi.device.IommufdOps;
import org.vfio4j.spi.iommu.GroupKind;
import org.vfio4j.spi.iommu.IommufdAccess;
import org.vfio4j.spi.iommu.IommufdContext;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.spi.memory.RunSink;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** A device that is open with an iommufd context, through its own file or through its group. */
final class IommufdBinding implements IommuBinding {
    private final IommufdContext context;
    private final int pageSize;

    IommufdBinding(IommufdContext context, int pageSize) {
        this.context = context;
        this.pageSize = pageSize;
    }

    /** The context. */
    IommufdContext context() {
        return context;
    }

    @Override
    public int bind(CoreDevice device) {
        return withoutIommu(device) ? 0 : ops(device).bind(context);
    }

    @Override
    public void unbind(CoreDevice device) {
        if (!withoutIommu(device)) {
            ops(device).unbind();
        }
    }

    @Override
    public void pinPages(CoreDevice device, long iova, int pages, int protection, RunSink sink) {
        access(device, "pin_pages")
                .pin(iova & -pageSize, (long) pages * pageSize, (protection & Protection.WRITE) != 0, sink);
    }

    @Override
    public void unpinPages(CoreDevice device, long iova, int pages) {
        var access = device.emulatedOps().access();
        if (access != null) {
            access.unpin(iova & -pageSize, (long) pages * pageSize);
        }
    }

    @Override
    public void dmaRw(CoreDevice device, long iova, MemorySegment buffer, boolean write) {
        access(device, "dma_rw").rw(iova, buffer, write);
    }

    private static IommufdAccess access(CoreDevice device, String operation) {
        var access = device.emulatedOps().access();
        if (access == null) {
            throw new VfioException(
                    Errno.EINVAL,
                    "§9.3",
                    operation + " refused: " + device
                            + " does its own DMA, only emulated devices reach memory this way");
        }
        return access;
    }

    private static boolean withoutIommu(CoreDevice device) {
        return device.group().kind() == GroupKind.NOIOMMU;
    }

    private static IommufdOps ops(CoreDevice device) {
        return Objects.requireNonNull(device.ops().iommufdOps(), "registration checked that they exist");
    }
}
