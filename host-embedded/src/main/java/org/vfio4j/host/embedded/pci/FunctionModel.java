// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.model.SharedRegisters;
import org.vfio4j.spi.pci.MappableArea;

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

    /** The registers behind an index that can be mapped, at least in part; null when there are none. */
    default @Nullable SharedRegisters shared(int bar) {
        return null;
    }

    /** Which parts of those can be mapped. */
    default List<MappableArea> mappable(int bar) {
        return List.of();
    }

    /** Returns to the state after power-on; ends activity, waiting for a transfer that is running. */
    void reset();

    /** Ends activity and frees what the model holds. */
    @Override
    void close();
}
