// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.mdev;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.UapiMapping;
import org.vfio4j.spi.device.DeviceInfo;
import org.vfio4j.spi.device.DeviceOps;
import org.vfio4j.spi.device.DmaLoggingOps;
import org.vfio4j.spi.device.DriverEnvironment;
import org.vfio4j.spi.device.IommufdOps;
import org.vfio4j.spi.device.IrqInfo;
import org.vfio4j.spi.device.IrqSet;
import org.vfio4j.spi.device.MigrationOps;
import org.vfio4j.spi.device.RegionInfo;
import org.vfio4j.spi.device.VfioDevice;
import org.vfio4j.spi.iommu.DmaUnmapListener;
import org.vfio4j.spi.mdev.MdevDevice;
import org.vfio4j.spi.mdev.MdevModel;
import org.vfio4j.spi.mdev.UserMemory;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.memory.RunSink;

/** A mediated device towards VFIO: every question goes to its model. Spec: mdev §6, §7. */
final class MdevOps implements DeviceOps {
    private final MdevModel model;
    private final PhysicalMemory physical;

    /** Set before registration makes the device reachable. */
    private @Nullable VfioDevice device;

    private MdevOps(MdevModel model, PhysicalMemory physical) {
        this.model = model;
        this.physical = physical;
    }

    /** Allocates the VFIO device of a mediated device; it is not registered yet. */
    static VfioDevice allocate(MdevDevice mdev, DriverEnvironment environment) {
        var ops = new MdevOps(mdev.model(), environment.memory());
        var device = environment.allocate(mdev, ops);
        ops.device = device;
        return device;
    }

    private VfioDevice device() {
        var allocated = device;
        if (allocated == null) {
            throw new IllegalStateException("the device is being allocated");
        }
        return allocated;
    }

    @Override
    public String driverName() {
        return VfioMdevProvider.NAME;
    }

    @Override
    public void openDevice() {
        model.open(new PinningMemory(device(), physical));
    }

    @Override
    public void closeDevice() {
        model.close();
    }

    @Override
    public DeviceInfo info() {
        return model.info();
    }

    @Override
    public RegionInfo regionInfo(int index) {
        return model.regionInfo(index);
    }

    @Override
    public IrqInfo irqInfo(int index) {
        return model.irqInfo(index);
    }

    @Override
    public int irqLimit(int index) {
        return model.irqLimit(index);
    }

    @Override
    public long setIrqs(IrqSet request) {
        return model.setIrqs(request);
    }

    @Override
    public void reset() {
        model.reset();
    }

    @Override
    public long read(long position, MemorySegment target) {
        return model.read(position, target);
    }

    @Override
    public long write(long position, MemorySegment source) {
        return model.write(position, source);
    }

    @Override
    public long ioctl(Caller caller, int command, long argument) {
        return model.ioctl(caller, command, argument);
    }

    @Override
    public UapiMapping mmap(long offset, long length, int protection, boolean shared) {
        return model.mmap(offset, length, protection, shared);
    }

    @Override
    public IommufdOps iommufdOps() {
        return device().emulatedIommufdOps();
    }

    @Override
    public DmaUnmapListener dmaUnmap() {
        return model;
    }

    @Override
    public @Nullable MigrationOps migration() {
        return model.migration(device().migrationControl());
    }

    @Override
    public @Nullable DmaLoggingOps dmaLogging() {
        return model.dmaLogging();
    }

    /** User memory through the VFIO device's own calls. */
    private record PinningMemory(VfioDevice device, PhysicalMemory physical) implements UserMemory {
        @Override
        public void pin(long iova, int pages, int protection, RunSink sink) {
            device.pinPages(iova, pages, protection, sink);
        }

        @Override
        public void unpin(long iova, int pages) {
            device.unpinPages(iova, pages);
        }

        @Override
        public void rw(long iova, MemorySegment buffer, boolean write) {
            device.dmaRw(iova, buffer, write);
        }
    }
}
