// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.memory.FileRange;

/**
 * What a function does behind its base address registers. Accesses come from any thread, only while the function decodes
 * them, naturally aligned and inside the resource.
 */
interface FunctionModel extends AutoCloseable {
    /**
     * Reads a register.
     *
     * @param size 1, 2, 4 or 8
     * @return the value; bits above the size are ignored
     */
    long read(int bar, long offset, int size);

    /** Writes a register. */
    void write(int bar, long offset, int size, long value);

    /** The register's memory when it is plain memory that can be mapped; null otherwise. */
    @Nullable
    MemorySegment memory(int bar);

    /** A view of that memory, whole pages, with a lifetime of its own; null when there is none to give away. */
    default @Nullable MemorySegment map(int bar, Arena lifetime) {
        return null;
    }

    /** The file that holds that memory; null when no file does. */
    default @Nullable FileRange file(int bar) {
        return null;
    }

    /** Returns to the state after power-on; ends activity, waiting for a transfer that is running. */
    void reset();

    /** Ends activity and frees what the model holds. */
    @Override
    void close();
}
