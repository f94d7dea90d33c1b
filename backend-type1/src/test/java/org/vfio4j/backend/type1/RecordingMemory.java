// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vfio4j.core.memory.FrameTable;
import org.vfio4j.spi.memory.BackingMemory;
import org.vfio4j.spi.memory.PhysicalMemory;

/** The real frame table, with every unpin written into the list of events. */
final class RecordingMemory implements PhysicalMemory {
    private final FrameTable frames = new FrameTable();
    private final List<String> events;

    RecordingMemory(List<String> events) {
        this.events = events;
    }

    @Override
    public int pageSize() {
        return frames.pageSize();
    }

    @Override
    public long insert(BackingMemory backing) {
        return frames.insert(backing);
    }

    @Override
    public void remove(long phys) {
        frames.remove(phys);
    }

    @Override
    public @Nullable BackingMemory backing(long phys) {
        return frames.backing(phys);
    }

    @Override
    public long offset(long phys) {
        return frames.offset(phys);
    }

    @Override
    public boolean pin(long phys, long length) {
        return frames.pin(phys, length);
    }

    @Override
    public void unpin(long phys, long length, boolean dirty) {
        events.add("unpin" + (dirty ? " dirty" : ""));
        frames.unpin(phys, length, dirty);
    }

    @Override
    public long pinnedPages() {
        return frames.pinnedPages();
    }

    @Override
    public boolean read(long phys, MemorySegment target, long targetOffset, long length) {
        return frames.read(phys, target, targetOffset, length);
    }

    @Override
    public boolean write(long phys, MemorySegment source, long sourceOffset, long length) {
        return frames.write(phys, source, sourceOffset, length);
    }
}
