// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.host;

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
}
