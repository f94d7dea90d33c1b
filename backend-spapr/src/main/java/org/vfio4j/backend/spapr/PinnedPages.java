// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import static org.vfio4j.backend.spapr.Refusal.hex;

import org.vfio4j.spi.host.TceTable;
import org.vfio4j.spi.memory.AddressSpace;
import org.vfio4j.spi.memory.BackingMemory;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.spi.memory.RunSink;
import org.vfio4j.uapi.Errno;

/**
 * Version 1: each entry holds a pin of its page, which is always pinned for writing, whatever the device may do. The charge
 * was made by ENABLE. Spec: spapr §6.
 */
final class PinnedPages implements PageSource {
    private static final int PROTECTION_MASK = Protection.READ | Protection.WRITE;

    private final PhysicalMemory physical;
    private final OwnerBinding owner;

    PinnedPages(PhysicalMemory physical, OwnerBinding owner) {
        this.physical = physical;
        this.owner = owner;
    }

    @Override
    public PageCursor open(int shift, long pages) {
        return new Cursor(physical, owner.regions("MAP_DMA").memory(), 1L << shift);
    }

    /** Nothing: the entry itself says which page it holds. */
    @Override
    public long note(TceTable table, long entry, long vaddr) {
        return 0;
    }

    @Override
    public long token(long note, long old) {
        return old;
    }

    @Override
    public void release(long[] tokens, int count, int shift) {
        for (int i = 0; i < count; i++) {
            long old = tokens[i];
            physical.unpin(old & ~PROTECTION_MASK, 1L << shift, (old & Protection.WRITE) != 0);
        }
    }

    private static final class Cursor implements PageCursor, RunSink {
        private final PhysicalMemory physical;
        private final AddressSpace memory;
        private final long bytes;
        private long phys;
        private long length;

        private Cursor(PhysicalMemory physical, AddressSpace memory, long bytes) {
            this.physical = physical;
            this.memory = memory;
            this.bytes = bytes;
        }

        @Override
        public long take(long vaddr) {
            length = 0;
            memory.pin(vaddr, bytes, true, this);
            BackingMemory backing = physical.backing(phys);
            if (backing != null && backing.deviceMemory()) {
                physical.unpin(phys, length, false);
                throw Refusal.of(Errno.EFAULT, "MAP_DMA", "a device's memory is at " + hex(vaddr));
            }
            if (length != bytes || (phys & (bytes - 1)) != 0 || backingIsSmaller(vaddr)) {
                physical.unpin(phys, length, false);
                throw Refusal.of(
                        Errno.EPERM,
                        "MAP_DMA",
                        "the memory at " + hex(vaddr) + " is not one page of " + hex(bytes) + " bytes");
            }
            return phys;
        }

        private boolean backingIsSmaller(long vaddr) {
            return bytes > physical.pageSize() && memory.backingPageSize(vaddr) < bytes;
        }

        /** Keeps the first run; a page in several runs is refused, so the others go back at once. */
        @Override
        public void run(long runPhys, long runLength) {
            if (length == 0) {
                phys = runPhys;
                length = runLength;
            } else {
                physical.unpin(runPhys, runLength, false);
            }
        }

        @Override
        public void giveBack(long page) {
            physical.unpin(page, bytes, false);
        }

        @Override
        public void close() {}
    }
}
