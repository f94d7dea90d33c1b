// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.vfio4j.spi.call.UapiMapping;
import org.vfio4j.spi.memory.FileRange;

/** A mapping of a region; it holds the device file until it is closed. */
final class RegionMapping implements UapiMapping {
    private final UapiMapping mapping;
    private final OpenDeviceFile file;
    private final Handles handles;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** Takes over a hold of the file. */
    RegionMapping(UapiMapping mapping, OpenDeviceFile file, Handles handles) {
        this.mapping = mapping;
        this.file = file;
        this.handles = handles;
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
            handles.forget(this);
            mapping.close();
            file.exit();
        }
    }
}
