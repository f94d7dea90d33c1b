// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import java.util.ArrayList;
import java.util.List;
import org.vfio4j.spi.host.TceTable;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** A table of the software IOMMU that counts, tells what it was asked, and fails when told to. */
final class TestTable implements TceTable {
    static final long NEVER = -1;

    final TceTable real;

    /** Storing into this entry fails for want of a lower level. */
    volatile long refusedEntry = NEVER;

    /** Called before an entry is written, not before one is cleared. */
    volatile Runnable onWrite = () -> {};

    /** Called on every invalidation. */
    volatile Runnable onInvalidate = () -> {};

    /** Ranges invalidated: "first+count". */
    final List<String> invalidated = new ArrayList<>();

    volatile boolean freed;
    /** Entries looked at; meaningful with one thread only. */
    long looks;

    TestTable(TceTable real) {
        this.real = real;
    }

    @Override
    public long startAddress() {
        return real.startAddress();
    }

    @Override
    public long entries() {
        return real.entries();
    }

    @Override
    public int pageShift() {
        return real.pageShift();
    }

    @Override
    public long allocatedSize() {
        return real.allocatedSize();
    }

    @Override
    public long exchange(long entry, long phys, int protection) {
        if (entry == refusedEntry && protection != 0) {
            throw new VfioException(Errno.ENOMEM, "made to have no memory for a lower level");
        }
        if (protection != 0) {
            onWrite.run();
        }
        return real.exchange(entry, phys, protection);
    }

    @Override
    public long entry(long entry) {
        looks++;
        return real.entry(entry);
    }

    @Override
    public long userAddress(long entry) {
        return real.userAddress(entry);
    }

    @Override
    public void setUserAddress(long entry, long vaddr) {
        real.setUserAddress(entry, vaddr);
    }

    @Override
    public long nextAllocated(long entry) {
        return real.nextAllocated(entry);
    }

    @Override
    public void invalidate(long firstEntry, long count) {
        synchronized (invalidated) {
            invalidated.add(firstEntry + "+" + count);
        }
        onInvalidate.run();
        real.invalidate(firstEntry, count);
    }

    @Override
    public void free() {
        freed = true;
        real.free();
    }
}
