// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import java.lang.foreign.MemorySegment;
import org.vfio4j.core.memory.JvmAddressSpace;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.Capability;
import org.vfio4j.spi.call.FdTable;
import org.vfio4j.spi.memory.AddressSpace;
import org.vfio4j.spi.memory.PhysicalMemory;

/** A process with memory of its own and limits that a test changes. */
final class TestCaller implements Caller {
    final JvmAddressSpace own;
    private final AddressSpace memory;
    long memlockLimit = Long.MAX_VALUE;
    boolean ipcLock;

    TestCaller(PhysicalMemory physical) {
        this.own = new JvmAddressSpace(physical);
        this.memory = own;
    }

    /** A process some of whose memory is on huge pages. */
    TestCaller(HugePages memory) {
        this.own = memory.own;
        this.memory = memory;
    }

    /** Pages charged to this process. */
    long locked() {
        return memory.lockedMemory().pages();
    }

    /** New memory, page-aligned. */
    MemorySegment memory(long bytes) {
        return own.allocate(bytes);
    }

    @Override
    public AddressSpace memory() {
        return memory;
    }

    @Override
    public FdTable files() {
        throw new UnsupportedOperationException("spapr takes no descriptors");
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
