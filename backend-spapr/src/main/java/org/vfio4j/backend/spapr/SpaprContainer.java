// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.iommu.DmaLimits;
import org.vfio4j.spi.iommu.DmaUnmapListener;
import org.vfio4j.spi.iommu.GroupKind;
import org.vfio4j.spi.iommu.IommuBackend;
import org.vfio4j.spi.iommu.TceOperations;
import org.vfio4j.spi.memory.PhysicalMemory;

/**
 * A SPAPR instance of either version (kernel: {@code struct tce_container} with its driver operations): hands each operation
 * to the class that knows it. It pins and copies nothing for devices without DMA of their own. Spec: spapr §2.
 */
final class SpaprContainer implements IommuBackend, TceOperations {
    private final InstanceState state;
    private final DmaOperations dma;
    private final WindowOperations windows;
    private final Registration registration;
    private final Enabling enabling;
    private final SpaprCodec codec;

    SpaprContainer(PhysicalMemory physical, RegionTables regionTables, boolean version2) {
        state = new InstanceState(version2, physical, regionTables);
        dma = new DmaOperations(state);
        windows = new WindowOperations(state);
        registration = new Registration(state);
        enabling = new Enabling(state);
        codec = new SpaprCodec(state, dma, windows, registration, enabling);
    }

    /** The window in a slot, for tests that nothing else runs beside. */
    @Nullable
    DmaWindow window(int slot) {
        return state.windows.slot(slot);
    }

    @Override
    public int checkExtension(int extension) {
        return SpaprDriver.answer(extension);
    }

    @Override
    public void attachGroup(IommuGroup group, GroupKind kind) {
        long stamp = state.configurationLock.writeLock();
        try {
            state.groups.attach(group, kind);
        } finally {
            state.configurationLock.unlockWrite(stamp);
        }
    }

    @Override
    public void detachGroup(IommuGroup group) {
        long stamp = state.configurationLock.writeLock();
        try {
            state.groups.detach(group);
        } finally {
            state.configurationLock.unlockWrite(stamp);
        }
    }

    @Override
    public void release() {
        long stamp = state.configurationLock.writeLock();
        try {
            state.groups.detachAll();
            state.windows.freeAll();
            enabling.disableLocked();
            RegionTable regions = state.owner.regionsOrNull();
            if (regions != null) {
                regions.unregisterAll(state.registered);
            }
            state.owner.release();
        } finally {
            state.configurationLock.unlockWrite(stamp);
        }
    }

    @Override
    public long ioctl(Caller caller, int command, long argument) {
        return codec.ioctl(caller, command, argument);
    }

    @Override
    public void mapDma(Caller caller, int flags, long vaddr, long iova, long size) {
        if (dma.map(caller, flags, vaddr, iova, size) == DmaOperations.BAD_ADDRESS) {
            throw DmaOperations.badAddress("MAP_DMA", iova, size);
        }
    }

    @Override
    public long unmapDma(Caller caller, int flags, long iova, long size) {
        if (dma.unmap(caller, flags, iova, size) == DmaOperations.BAD_ADDRESS) {
            throw DmaOperations.badAddress("UNMAP_DMA", iova, size);
        }
        return size;
    }

    @Override
    public DmaLimits limits() {
        return windows.limits();
    }

    /** Nothing can be pinned here, so nobody has to let go. */
    @Override
    public void registerDevice(DmaUnmapListener device) {}

    @Override
    public void unregisterDevice(DmaUnmapListener device) {}

    @Override
    public Optional<TceOperations> tce() {
        return Optional.of(this);
    }

    @Override
    public boolean version2() {
        return state.version2;
    }

    @Override
    public void enable(Caller caller) {
        enabling.enable(caller);
    }

    @Override
    public void disable(Caller caller) {
        enabling.disable(caller);
    }

    @Override
    public void registerMemory(Caller caller, long vaddr, long size) {
        registration.register(caller, vaddr, size);
    }

    @Override
    public void unregisterMemory(Caller caller, long vaddr, long size) {
        registration.unregister(caller, vaddr, size);
    }

    @Override
    public long createWindow(Caller caller, int pageShift, long windowSize, int levels) {
        return windows.create(caller, pageShift, windowSize, levels);
    }

    @Override
    public void removeWindow(Caller caller, long startAddress) {
        windows.remove(caller, startAddress);
    }

    @Override
    public TceInfo info(Caller caller) {
        return windows.info(caller);
    }
}
