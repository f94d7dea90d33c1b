// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import java.lang.foreign.MemorySegment;
import org.vfio4j.core.memory.JvmAddressSpace;
import org.vfio4j.spi.memory.AddressSpace;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.testing.fixture.SimulatedCaller;

/** A process with memory of its own. */
final class TestCaller extends SimulatedCaller<AddressSpace> {
    final JvmAddressSpace own;

    TestCaller(PhysicalMemory physical) {
        this(new JvmAddressSpace(physical));
    }

    private TestCaller(JvmAddressSpace own) {
        super(own, 1000);
        this.own = own;
    }

    /** A process some of whose memory is on huge pages. */
    TestCaller(HugePages memory) {
        super(memory, 1000);
        this.own = memory.own;
    }

    /** New memory, page-aligned. */
    MemorySegment memory(long bytes) {
        return own.allocate(bytes);
    }
}
