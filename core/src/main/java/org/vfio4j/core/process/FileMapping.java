// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.process;

import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.vfio4j.core.memory.JvmAddressSpace;
import org.vfio4j.core.memory.MappedMemory;
import org.vfio4j.spi.call.UapiMapping;
import org.vfio4j.spi.memory.FileRange;
import org.vfio4j.spi.memory.Protection;

/**
 * A mapping that keeps its open file from being released, even when all descriptors are closed, and is memory of its caller.
 * After it is closed devices may still have it; the bytes go with their last pin, at the latest with the open file.
 */
final class FileMapping implements UapiMapping {
    private static final int READ_WRITE = Protection.READ | Protection.WRITE;

    private final UapiMapping mapping;
    private final OpenFile file;
    private final JvmAddressSpace space;
    private final MappedMemory memory;
    private final Consumer<FileMapping> onClose;
    private final AtomicBoolean closed = new AtomicBoolean();

    /**
     * Wraps a file's own mapping.
     *
     * @param length bytes, whole pages
     * @param file with a reference that this mapping gives back
     * @param space whose memory it becomes
     */
    FileMapping(
            UapiMapping mapping,
            long length,
            int protection,
            OpenFile file,
            JvmAddressSpace space,
            Consumer<FileMapping> onClose) {
        this.mapping = mapping;
        this.file = file;
        this.space = space;
        this.onClose = onClose;
        this.memory = new MappedMemory(mapping, length, protection & READ_WRITE, file::forget);
        file.remember(memory);
    }

    /** Takes the address the mapping has, if the file shows the bytes now; otherwise it gets one with its first segment. */
    void place() {
        try {
            space.show(memory, mapping.segment());
        } catch (IllegalStateException | UncheckedIOException revoked) {
            // Touching it would be a bus error; mapping it is none.
        }
    }

    @Override
    public MemorySegment segment() {
        if (closed.get()) {
            throw new IllegalStateException("the mapping is closed");
        }
        MemorySegment view = mapping.segment();
        space.show(memory, view);
        return view;
    }

    @Override
    public Optional<FileRange> backing() {
        return mapping.backing();
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            onClose.accept(this);
            space.unmap(memory);
            file.close();
        }
    }
}
