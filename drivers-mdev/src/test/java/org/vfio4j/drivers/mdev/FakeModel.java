// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.mdev;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.device.DeviceInfo;
import org.vfio4j.spi.device.IrqInfo;
import org.vfio4j.spi.device.IrqSet;
import org.vfio4j.spi.device.RegionInfo;
import org.vfio4j.spi.mdev.MdevModel;
import org.vfio4j.spi.mdev.UserMemory;

/** A device that can nothing but be there. */
record FakeModel(@Nullable Object setKey) implements MdevModel {
    @Override
    public @Nullable Object deviceSetKey() {
        return setKey;
    }

    @Override
    public void open(UserMemory memory) {}

    @Override
    public void close() {}

    @Override
    public void dmaUnmap(long iova, long length) {}

    @Override
    public DeviceInfo info() {
        return new DeviceInfo(0, 0, 0);
    }

    @Override
    public RegionInfo regionInfo(int index) {
        throw new UnsupportedOperationException("it has no regions");
    }

    @Override
    public IrqInfo irqInfo(int index) {
        throw new UnsupportedOperationException("it has no interrupts");
    }

    @Override
    public long setIrqs(IrqSet request) {
        throw new UnsupportedOperationException("it has no interrupts");
    }

    @Override
    public void reset() {}

    @Override
    public long read(long position, MemorySegment target) {
        throw new UnsupportedOperationException("it has no regions");
    }

    @Override
    public long write(long position, MemorySegment source) {
        throw new UnsupportedOperationException("it has no regions");
    }
}
