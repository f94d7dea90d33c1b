// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.fslmc;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.spi.call.UapiMapping;
import org.vfio4j.spi.device.DeviceInfo;
import org.vfio4j.spi.device.DeviceOps;
import org.vfio4j.spi.device.IommufdOps;
import org.vfio4j.spi.device.IrqInfo;
import org.vfio4j.spi.device.IrqSet;
import org.vfio4j.spi.device.RegionInfo;
import org.vfio4j.spi.device.VfioDevice;
import org.vfio4j.spi.fslmc.McObject;
import org.vfio4j.uapi.VfioDeviceInfoFlags;
import org.vfio4j.uapi.VfioException;

/** An object of the management complex towards VFIO. Spec: fsl-mc §4 to §9. */
final class McDeviceOps implements DeviceOps {
    private static final Logger LOG = LoggerFactory.getLogger(McDeviceOps.class);

    private final McObject object;

    /** The container itself when the object is one. */
    private final @Nullable OpenContainer container;

    private final RegionTable regions;
    private final ObjectInterrupts interrupts;

    /** Set before registration makes the device reachable. */
    private @Nullable VfioDevice device;

    McDeviceOps(McObject object, @Nullable OpenContainer container, int pageSize, PollClock clock) {
        this.object = object;
        this.container = container;
        this.regions = new RegionTable(object, pageSize, clock);
        this.interrupts = new ObjectInterrupts(object);
    }

    void allocated(VfioDevice allocated) {
        device = allocated;
    }

    /** The container, when the object is one. */
    @Nullable
    OpenContainer container() {
        return container;
    }

    private VfioDevice device() {
        var allocated = device;
        if (allocated == null) {
            throw new IllegalStateException(object.name() + " is being allocated");
        }
        return allocated;
    }

    @Override
    public String driverName() {
        return VfioFslMcProvider.NAME;
    }

    /** The last reference is gone: the management complex hears that nobody uses the container any more. */
    @Override
    public void release() {
        if (container != null) {
            container.close();
        }
    }

    @Override
    public void closeDevice() {
        try {
            reset();
        } catch (VfioException e) {
            LOG.warn("{} was closed without being reset: {}", object.name(), e.getMessage());
        }
        interrupts.disconnect();
    }

    @Override
    public DeviceInfo info() {
        int reset = object.isContainer() ? VfioDeviceInfoFlags.VFIO_DEVICE_FLAGS_RESET : 0;
        return new DeviceInfo(VfioDeviceInfoFlags.VFIO_DEVICE_FLAGS_FSL_MC | reset, regions.count(), object.irqCount())
                .withoutCapabilities();
    }

    @Override
    public RegionInfo regionInfo(int index) {
        return regions.info(index);
    }

    @Override
    public IrqInfo irqInfo(int index) {
        return interrupts.info(index);
    }

    @Override
    public int irqLimit(int index) {
        return interrupts.limit(index);
    }

    @Override
    public long setIrqs(IrqSet request) {
        interrupts.set(request, device().deviceSet().lock());
        return 0;
    }

    @Override
    public void reset() {
        if (container != null) {
            container.reset();
            return;
        }
        var commands = new HostCommands(object);
        int token = commands.open(object.type(), object.id());
        try {
            commands.reset(token);
        } catch (VfioException failed) {
            try {
                commands.close(token);
            } catch (VfioException e) {
                failed.addSuppressed(e);
            }
            throw failed;
        }
        commands.close(token);
    }

    @Override
    public long read(long position, MemorySegment target) {
        return regions.read(position, target);
    }

    @Override
    public long write(long position, MemorySegment source) {
        return regions.write(position, source);
    }

    @Override
    public UapiMapping mmap(long offset, long length, int protection, boolean shared) {
        return regions.mmap(offset, length, protection, shared);
    }

    @Override
    public IommufdOps iommufdOps() {
        return device().physicalIommufdOps();
    }
}
