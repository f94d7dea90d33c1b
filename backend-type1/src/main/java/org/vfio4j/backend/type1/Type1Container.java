// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import java.lang.foreign.MemorySegment;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.iommu.BackendEnvironment;
import org.vfio4j.spi.iommu.DmaLimits;
import org.vfio4j.spi.iommu.DmaUnmapListener;
import org.vfio4j.spi.iommu.GroupKind;
import org.vfio4j.spi.iommu.IommuBackend;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.memory.RunSink;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioExtension;
import org.vfio4j.uapi.VfioType1;

/**
 * A type1 instance (kernel: {@code struct vfio_iommu} with its driver operations): takes the instance lock and hands each
 * operation to the class that knows it. Spec: type1 §2.
 */
final class Type1Container implements IommuBackend {
    private final InstanceState state;
    private final GroupAttach attach;
    private final GroupDetach detach;
    private final MapOperation map;
    private final UnmapOperation unmap;
    private final DevicePins pins;
    private final Type1Codec codec;

    Type1Container(BackendEnvironment environment, boolean version2) {
        PhysicalMemory physical = environment.memory();
        Tunables tunables = new Tunables(environment);
        state = new InstanceState(version2, tunables.entryLimit(), physical.pageSize());
        Accounting accounting = new Accounting(physical.pageSize());
        EntryPinner pinner = new EntryPinner(physical, accounting);
        DirtyTracking tracking = new DirtyTracking(state);
        Mappings mappings = new Mappings(state, pinner, tunables, physical.pageSize());
        attach = new GroupAttach(state, mappings, tunables);
        detach = new GroupDetach(state, mappings, tracking);
        map = new MapOperation(state, mappings, tracking, accounting);
        unmap = new UnmapOperation(state, mappings, tracking, pinner);
        pins = new DevicePins(state, physical, pinner, accounting, tracking);
        codec = new Type1Codec(this, unmap, new DirtyPages(state, tracking));
    }

    @Override
    public int checkExtension(int extension) {
        state.lock.lock();
        try {
            return switch (extension) {
                case VfioExtension.VFIO_UPDATE_VADDR -> state.emulated.isEmpty() ? 1 : 0;
                case VfioExtension.VFIO_DMA_CC_IOMMU -> state.domains.allCoherent() ? 1 : 0;
                default -> Type1Driver.always(extension);
            };
        } finally {
            state.lock.unlock();
        }
    }

    @Override
    public void attachGroup(IommuGroup group, GroupKind kind) {
        state.lock.lock();
        try {
            attach.attach(group, kind);
        } finally {
            state.lock.unlock();
        }
    }

    @Override
    public void detachGroup(IommuGroup group) {
        state.lock.lock();
        try {
            detach.detach(group);
        } finally {
            state.lock.unlock();
        }
    }

    @Override
    public void release() {
        state.lock.lock();
        try {
            detach.release();
        } finally {
            state.lock.unlock();
        }
    }

    @Override
    public long ioctl(Caller caller, int command, long argument) {
        return codec.ioctl(caller, command, argument);
    }

    @Override
    public void mapDma(Caller caller, int flags, long vaddr, long iova, long size) {
        map.map(caller, flags, vaddr, iova, size);
    }

    @Override
    public long unmapDma(Caller caller, int flags, long iova, long size) {
        if ((flags & VfioType1.VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP) != 0) {
            throw Refusal.of(Errno.EINVAL, "UNMAP_DMA", "the typed call takes no dirty bitmap");
        }
        return unmap.unmap(flags, iova, size, null);
    }

    @Override
    public DmaLimits limits() {
        state.lock.lock();
        try {
            return new DmaLimits(state.domains.pageSizes(), state.ranges.ranges(), state.mappingsAvailable);
        } finally {
            state.lock.unlock();
        }
    }

    @Override
    public void pinPages(IommuGroup group, long iova, int pages, int protection, RunSink sink) {
        pins.pin(group, iova, pages, protection, sink);
    }

    @Override
    public void unpinPages(long iova, int pages) {
        pins.unpin(iova, pages);
    }

    @Override
    public void dmaRw(long iova, MemorySegment buffer, boolean write) {
        pins.copy(iova, buffer, write);
    }

    @Override
    public void registerDevice(DmaUnmapListener device) {
        state.devices.register(device);
    }

    @Override
    public void unregisterDevice(DmaUnmapListener device) {
        state.devices.unregister(device);
    }
}
