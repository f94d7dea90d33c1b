// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.host;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Optional;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.memory.ProcessBarrier;

/** What a host is given when it starts. */
public interface HostEnvironment {
    /** The memory devices can be made to reach. */
    PhysicalMemory memory();

    /** The machine description the user chose: a file or the folder of a captured machine. */
    Optional<Path> machine();

    /** The barrier this process's threads can be made to pass; unavailable by default. */
    default ProcessBarrier processBarrier() {
        return ProcessBarrier.unavailable();
    }

    /**
     * Asks the system to back memory with huge pages, so that looking about in it misses the processor's TLB less (kernel:
     * {@code madvise(2)}, {@code MADV_COLLAPSE}). Advice only: without it, as by default, nothing is lost but speed. Costs some
     * hundred microseconds for each 2 MiB.
     *
     * @param memory native memory, aligned to 2 MiB, that has been written before
     */
    default void preferHugePages(MemorySegment memory) {}
}
