// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.device;

import java.lang.foreign.MemorySegment;
import java.util.function.BooleanSupplier;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.model.DmaPort;

/** The way to memory of a device without an IOMMU in front of it: bus addresses are physical addresses. */
final class UntranslatedPort implements DmaPort {
    private final PhysicalMemory memory;
    private final BooleanSupplier busMaster;

    UntranslatedPort(PhysicalMemory memory, BooleanSupplier busMaster) {
        this.memory = memory;
        this.busMaster = busMaster;
    }

    @Override
    public boolean read(long iova, MemorySegment target, long targetOffset, long length) {
        return busMaster.getAsBoolean() && memory.read(iova, target, targetOffset, length);
    }

    @Override
    public boolean write(long iova, MemorySegment source, long sourceOffset, long length) {
        return busMaster.getAsBoolean() && memory.write(iova, source, sourceOffset, length);
    }
}
