// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.iommu.DmaUnmapListener;
import org.vfio4j.spi.memory.RunSink;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * A device that is open through its group and a container. The group cannot leave the container meanwhile, so the instance
 * taken at the first open stays the right one (PN-4).
 */
final class ContainerBinding implements IommuBinding {
    private final VfioGroup group;
    private final Caller caller;
    private final int pageSize;
    private @Nullable BackendInstance instance;
    private @Nullable DmaUnmapListener registered;

    ContainerBinding(VfioGroup group, Caller caller, int pageSize) {
        this.group = group;
        this.caller = caller;
        this.pageSize = pageSize;
    }

    @Override
    public int bind(CoreDevice device) {
        var used = group.useContainer(caller);
        var listener = device.ops().dmaUnmap();
        if (listener != null) {
            try {
                used.backend().registerDevice(listener);
            } catch (Throwable e) {
                group.unuseContainer();
                throw e;
            }
            registered = listener;
        }
        instance = used;
        return 0;
    }

    @Override
    public void unbind(CoreDevice device) {
        var used = instance;
        var listener = registered;
        if (used != null && listener != null) {
            used.backend().unregisterDevice(listener);
        }
        registered = null;
        group.unuseContainer();
    }

    @Override
    public void pinPages(CoreDevice device, long iova, int pages, int protection, RunSink sink) {
        int most = pageSize / Long.BYTES;
        if (pages > most) {
            throw new VfioException(
                    Errno.E2BIG,
                    "§9.3",
                    "pin_pages refused: " + pages + " pages at once, a container pins at most " + most);
        }
        var entered = enter();
        try {
            entered.backend().pinPages(group.iommuGroup(), iova, pages, protection, sink);
        } finally {
            entered.exit();
        }
    }

    @Override
    public void unpinPages(CoreDevice device, long iova, int pages) {
        var used = instance;
        if (pages > pageSize / Long.BYTES || used == null || !used.enter()) {
            return;
        }
        try {
            used.backend().unpinPages(iova, pages);
        } finally {
            used.exit();
        }
    }

    @Override
    public void dmaRw(CoreDevice device, long iova, MemorySegment buffer, boolean write) {
        var entered = enter();
        try {
            entered.backend().dmaRw(iova, buffer, write);
        } finally {
            entered.exit();
        }
    }

    private BackendInstance enter() {
        var used = instance;
        if (used == null || !used.enter()) {
            throw CoreDevice.notOpen("memory access");
        }
        return used;
    }
}
