// SPDX-License-Identifier: Apache-2.0
package com.example.adder;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.device.DeviceInfo;
import org.vfio4j.spi.device.DeviceOps;
import org.vfio4j.spi.device.IommufdOps;
import org.vfio4j.spi.device.IrqInfo;
import org.vfio4j.spi.device.IrqSet;
import org.vfio4j.spi.device.RegionInfo;
import org.vfio4j.spi.device.VfioDevice;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioDeviceInfoFlags;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioIrq;
import org.vfio4j.uapi.VfioRegion;

/** What users can do with an adder: one region of registers, one interrupt, reset. */
final class AdderOps implements DeviceOps {
    private static final ValueLayout.OfInt REGISTER = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final AdderEngine engine;
    private final AdderInterrupt interrupt;
    private @Nullable VfioDevice vfio;

    AdderOps(AdderDevice device) {
        this.engine = device.engine();
        this.interrupt = new AdderInterrupt();
    }

    /** Completes the ops; before registration, so before anybody else sees them. */
    void allocated(VfioDevice device) {
        vfio = device;
    }

    @Override
    public String driverName() {
        return AcmeDriverProvider.NAME;
    }

    @Override
    public void openDevice() {
        engine.reset();
        engine.connect(interrupt);
    }

    @Override
    public void closeDevice() {
        engine.disconnect();
        engine.reset();
        interrupt.disable();
    }

    @Override
    public DeviceInfo info() {
        return new DeviceInfo(VfioDeviceInfoFlags.VFIO_DEVICE_FLAGS_RESET, 1, 1);
    }

    @Override
    public RegionInfo regionInfo(int index) {
        if (index != 0) {
            throw new VfioException(Errno.EINVAL, "GET_REGION_INFO refused: an adder has region 0, not " + index);
        }
        return new RegionInfo(
                0,
                VfioRegion.VFIO_REGION_INFO_FLAG_READ | VfioRegion.VFIO_REGION_INFO_FLAG_WRITE,
                AdderRegisters.SIZE,
                0);
    }

    @Override
    public IrqInfo irqInfo(int index) {
        if (index != 0) {
            throw new VfioException(Errno.EINVAL, "GET_IRQ_INFO refused: an adder has interrupt 0, not " + index);
        }
        return new IrqInfo(0, VfioIrq.VFIO_IRQ_INFO_EVENTFD, 1);
    }

    @Override
    public long setIrqs(IrqSet request) {
        interrupt.set(request);
        return 0;
    }

    @Override
    public void reset() {
        engine.reset();
    }

    /** Any bytes: each is taken from the register it is in. */
    @Override
    public long read(long position, MemorySegment target) {
        var count = withinRegion("read", position, target.byteSize());
        for (var done = 0; done < count; done++) {
            var at = (int) position + done;
            var register = engine.read(at & -Integer.BYTES);
            target.set(ValueLayout.JAVA_BYTE, done, (byte) (register >>> Byte.SIZE * (at % Integer.BYTES)));
        }
        return count;
    }

    /** Whole registers only: half a command is none. */
    @Override
    public long write(long position, MemorySegment source) {
        var count = withinRegion("write", position, source.byteSize());
        if ((position | count) % Integer.BYTES != 0) {
            throw new VfioException(
                    Errno.EINVAL,
                    "write refused: " + count + " bytes at " + position + " are no whole registers of an adder");
        }
        for (var done = 0; done < count; done += Integer.BYTES) {
            engine.write((int) position + done, source.get(REGISTER, done));
        }
        return count;
    }

    /** Bytes to move: what was asked for, up to the region's end. */
    private static int withinRegion(String operation, long position, long size) {
        if (position < 0 || position >= AdderRegisters.SIZE) {
            throw new VfioException(
                    Errno.EINVAL,
                    operation + " refused: " + position + " is outside an adder's " + AdderRegisters.SIZE
                            + " bytes of registers");
        }
        return (int) Math.min(size, AdderRegisters.SIZE - position);
    }

    /** An adder does its DMA itself, through the IOMMU: the core's steps for such devices fit. */
    @Override
    public @Nullable IommufdOps iommufdOps() {
        return vfio == null ? null : vfio.physicalIommufdOps();
    }
}
