// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.memory;

/** Receives physically contiguous runs, in address order. Implementations must not throw. */
@FunctionalInterface
public interface RunSink {
    /**
     * Takes one run.
     *
     * @param phys physical address of the first byte
     * @param length length in bytes, at least one
     */
    void run(long phys, long length);
}
