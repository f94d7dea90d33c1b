// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.memory.BackingMemory;
import org.vfio4j.spi.memory.PhysicalMemory;

/** Memory of which only the page size is asked. */
enum FourKibPages implements PhysicalMemory {
    INSTANCE;

    @Override
    public int pageSize() {
        return 4096;
    }

    @Override
    public long insert(BackingMemory backing) {
        throw new AssertionError();
    }

    @Override
    public void remove(long phys) {
        throw new AssertionError();
    }

    @Override
    public @Nullable BackingMemory backing(long phys) {
        return null;
    }

    @Override
    public long offset(long phys) {
        return 0;
    }

    @Override
    public boolean pin(long phys, long length) {
        return false;
    }

    @Override
    public void unpin(long phys, long length, boolean dirty) {
        throw new AssertionError();
    }

    @Override
    public long pinnedPages() {
        return 0;
    }

    @Override
    public boolean read(long phys, MemorySegment target, long targetOffset, long length) {
        return false;
    }

    @Override
    public boolean write(long phys, MemorySegment source, long sourceOffset, long length) {
        return false;
    }
}
