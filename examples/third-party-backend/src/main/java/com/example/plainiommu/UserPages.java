// SPDX-License-Identifier: Apache-2.0
package com.example.plainiommu;

import java.util.Arrays;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.Capability;
import org.vfio4j.spi.memory.AddressSpace;
import org.vfio4j.spi.memory.BackingMemory;
import org.vfio4j.spi.memory.LockedMemory;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.spi.memory.RunSink;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** A range of a user's memory, pinned and charged to the user until {@link #release}. Immutable. */
final class UserPages {
    private final PhysicalMemory physical;
    private final LockedMemory charged;
    private final long pages;
    private final boolean writable;

    /** Physical address and length of each contiguous run, in address order. */
    private final long[] runs;

    private UserPages(PhysicalMemory physical, LockedMemory charged, long pages, boolean writable, long[] runs) {
        this.physical = physical;
        this.charged = charged;
        this.pages = pages;
        this.writable = writable;
        this.runs = runs;
    }

    /**
     * Charges, then pins, all of a range or nothing.
     *
     * @throws VfioException ENOMEM above the caller's limit, EFAULT for memory that is not there, EINVAL for a device's
     */
    static UserPages pin(Caller caller, PhysicalMemory physical, long vaddr, long size, int protection) {
        if (size < 0) {
            throw new VfioException(
                    Errno.EFAULT, "MAP_DMA refused: no user has 0x" + Long.toHexString(size) + " bytes of memory");
        }
        var pages = size / physical.pageSize();
        var locked = caller.memory().lockedMemory();
        if (!locked.tryCharge(pages, limit(caller, physical))) {
            throw new VfioException(
                    Errno.ENOMEM,
                    "MAP_DMA refused: " + pages + " pages more than the " + locked.pages()
                            + " locked exceed the limit of " + caller.memlockLimit() + " bytes");
        }
        var writable = (protection & Protection.WRITE) != 0;
        long[] runs;
        try {
            runs = pin(caller.memory(), vaddr, size, writable);
        } catch (RuntimeException e) {
            locked.uncharge(pages);
            throw e;
        }
        var pinned = new UserPages(physical, locked, pages, writable, runs);
        if (pinned.isDeviceMemory()) {
            pinned.release();
            throw new VfioException(
                    Errno.EINVAL, "MAP_DMA refused: 0x" + Long.toHexString(vaddr) + " is a device's memory");
        }
        return pinned;
    }

    private static long limit(Caller caller, PhysicalMemory physical) {
        var unlimited = caller.capable(Capability.IPC_LOCK) || caller.memlockLimit() == Long.MAX_VALUE;
        return unlimited ? Long.MAX_VALUE : caller.memlockLimit() / physical.pageSize();
    }

    private static long[] pin(AddressSpace memory, long vaddr, long size, boolean write) {
        var found = new RunList();
        memory.pin(vaddr, size, write, found);
        return Arrays.copyOf(found.runs, found.used);
    }

    private static final class RunList implements RunSink {
        private long[] runs = new long[2];
        private int used;

        @Override
        public void run(long phys, long length) {
            if (used == runs.length) {
                runs = Arrays.copyOf(runs, 2 * used);
            }
            runs[used++] = phys;
            runs[used++] = length;
        }
    }

    private boolean isDeviceMemory() {
        for (var i = 0; i < runs.length; i += 2) {
            BackingMemory backing = physical.backing(runs[i]);
            if (backing != null && backing.deviceMemory()) {
                return true;
            }
        }
        return false;
    }

    int runCount() {
        return runs.length / 2;
    }

    long phys(int run) {
        return runs[2 * run];
    }

    long length(int run) {
        return runs[2 * run + 1];
    }

    /** The physical address of a byte. */
    long physAt(long offset) {
        var run = 0;
        while (offset >= length(run)) {
            offset -= length(run);
            run++;
        }
        return phys(run) + offset;
    }

    /** Gives the pins and the charge back. Nothing may translate to the pages any more. */
    void release() {
        for (var run = 0; run < runCount(); run++) {
            physical.unpin(phys(run), length(run), writable);
        }
        charged.uncharge(pages);
    }
}
