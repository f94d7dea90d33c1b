// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import java.lang.foreign.MemorySegment;
import org.vfio4j.core.memory.JvmAddressSpace;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.Capability;
import org.vfio4j.spi.call.FdTable;
import org.vfio4j.spi.memory.PhysicalMemory;

/** A process with memory of its own and limits that a test changes. */
final class FakeCaller implements Caller {
    final JvmAddressSpace memory;
    volatile long memlockLimit = Long.MAX_VALUE;
    volatile boolean ipcLock;

    FakeCaller(PhysicalMemory physical) {
        this.memory = new JvmAddressSpace(physical);
    }

    /** Pages charged to this process. */
    long locked() {
        return memory.lockedMemory().pages();
    }

    /** New memory of that many pages: one physical run. */
    MemorySegment pages(int count) {
        return memory.allocate(count * 4096L);
    }

    @Override
    public JvmAddressSpace memory() {
        return memory;
    }

    @Override
    public FdTable files() {
        throw new UnsupportedOperationException("type1 takes no descriptors");
    }

    @Override
    public boolean capable(Capability capability) {
        return ipcLock && capability == Capability.IPC_LOCK;
    }

    @Override
    public long memlockLimit() {
        return memlockLimit;
    }

    @Override
    public int uid() {
        return 1000;
    }
}
