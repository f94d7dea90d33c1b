// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.process;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.vfio4j.spi.call.UapiMapping;
import org.vfio4j.spi.memory.FileRange;

/** A mapping that keeps its open file from being released, even when all descriptors are closed. */
final class FileMapping implements UapiMapping {
    private final UapiMapping mapping;
    private final OpenFile file;
    private final Consumer<FileMapping> onClose;
    private final AtomicBoolean closed = new AtomicBoolean();

    /**
     * Wraps a file's own mapping.
     *
     * @param file with a reference that this mapping gives back
     */
    FileMapping(UapiMapping mapping, OpenFile file, Consumer<FileMapping> onClose) {
        this.mapping = mapping;
        this.file = file;
        this.onClose = onClose;
    }

    @Override
    public MemorySegment segment() {
        return mapping.segment();
    }

    @Override
    public Optional<FileRange> backing() {
        return mapping.backing();
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            onClose.accept(this);
            mapping.close();
            file.close();
        }
    }
}
