// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import java.util.EnumSet;
import java.util.Set;
import org.vfio4j.core.memory.JvmAddressSpace;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.Capability;
import org.vfio4j.spi.call.FdTable;

/** One process: memory, capabilities, limit and user. */
final class TestCaller implements Caller {
    final Set<Capability> capabilities = EnumSet.noneOf(Capability.class);
    final JvmAddressSpace memory;
    private final int uid;
    long memlockLimit = Long.MAX_VALUE;

    TestCaller(JvmAddressSpace memory, int uid) {
        this.memory = memory;
        this.uid = uid;
    }

    @Override
    public JvmAddressSpace memory() {
        return memory;
    }

    @Override
    public FdTable files() {
        throw new UnsupportedOperationException("no call of these tests takes a descriptor");
    }

    @Override
    public boolean capable(Capability capability) {
        return capabilities.contains(capability);
    }

    @Override
    public long memlockLimit() {
        return memlockLimit;
    }

    @Override
    public int uid() {
        return uid;
    }
}
