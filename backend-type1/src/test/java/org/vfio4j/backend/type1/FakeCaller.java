// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import java.lang.foreign.MemorySegment;
import org.vfio4j.core.memory.JvmAddressSpace;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.testing.fixture.SimulatedCaller;

/** A process with memory of its own. */
final class FakeCaller extends SimulatedCaller<JvmAddressSpace> {
    FakeCaller(PhysicalMemory physical) {
        super(new JvmAddressSpace(physical), 1000);
    }

    /** New memory of that many pages: one physical run. */
    MemorySegment pages(int count) {
        return memory().allocate(count * 4096L);
    }
}
