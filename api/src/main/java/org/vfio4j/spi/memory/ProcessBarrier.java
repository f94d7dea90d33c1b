// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.memory;

/**
 * A memory barrier that one thread makes all threads of this process pass (kernel: {@code membarrier(2)},
 * {@code MEMBARRIER_CMD_PRIVATE_EXPEDITED}).
 *
 * <p>It makes asymmetric protocols possible: the side that runs often only keeps its accesses in program order, without any
 * fence, and the side that runs rarely pays for both. Where it is not {@linkplain #available() available} both sides need
 * full fences. Thread-safe.
 */
public interface ProcessBarrier {
    /** Whether {@link #run} works. The same answer for the life of the process; without it both sides must use fences. */
    boolean available();

    /**
     * When this returned, every other thread of the process has executed a full fence at some moment since the call, and so
     * has the caller, both when it called and when it returned. Costs a system call and an interrupt for each processor that
     * runs a thread of this process, about a microsecond; does not allocate.
     *
     * @throws IllegalStateException when it is not available
     */
    void run();

    /** The barrier of a system that has none. */
    static ProcessBarrier unavailable() {
        return NoProcessBarrier.INSTANCE;
    }
}
