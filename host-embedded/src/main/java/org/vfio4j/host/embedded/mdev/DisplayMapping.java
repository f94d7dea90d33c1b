// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.mdev;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.vfio4j.spi.call.UapiMapping;
import org.vfio4j.spi.memory.FileRange;
import org.vfio4j.spi.model.SharedRegisters;

/** A mapping of a display's memory from its beginning. Nothing takes it away before it is closed. Thread-safe. */
final class DisplayMapping implements UapiMapping {
    private final SharedRegisters registers;
    private final Arena lifetime = Arena.ofShared();
    private final MemorySegment segment;
    private final AtomicBoolean closed = new AtomicBoolean();

    /**
     * Begins a mapping.
     *
     * @throws org.vfio4j.uapi.VfioException ENOMEM when the system has no place for the memory
     */
    DisplayMapping(SharedRegisters registers, long length, boolean writable) {
        this.registers = registers;
        registers.beginMapping();
        try {
            var part = registers.map(lifetime).asSlice(0, length);
            segment = writable ? part : part.asReadOnly();
        } catch (RuntimeException e) {
            lifetime.close();
            registers.endMapping();
            throw e;
        }
    }

    @Override
    public MemorySegment segment() {
        if (closed.get()) {
            throw new IllegalStateException("the mapping of a display's memory is closed");
        }
        return segment;
    }

    @Override
    public Optional<FileRange> backing() {
        return registers.file();
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            lifetime.close();
            registers.endMapping();
        }
    }
}
