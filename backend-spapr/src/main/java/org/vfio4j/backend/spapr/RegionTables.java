// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import java.util.IdentityHashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.vfio4j.spi.memory.AddressSpace;
import org.vfio4j.spi.memory.PhysicalMemory;

/**
 * The registered memory of every address space that some container is bound to (kernel: the list in
 * {@code mm_context_t}). Thread-safe. Spec: spapr §8.
 */
final class RegionTables {
    private final PhysicalMemory physical;

    /** Guards {@link #tables}. Innermost. */
    private final ReentrantLock tablesLock = new ReentrantLock();

    private final Map<AddressSpace, Counted> tables = new IdentityHashMap<>();

    RegionTables(PhysicalMemory physical) {
        this.physical = physical;
    }

    /** The table of an address space, kept until {@link #release}. */
    RegionTable acquire(AddressSpace memory) {
        tablesLock.lock();
        try {
            Counted counted = tables.computeIfAbsent(memory, key -> new Counted(new RegionTable(key, physical)));
            counted.containers++;
            return counted.table;
        } finally {
            tablesLock.unlock();
        }
    }

    /** A container is no longer bound. With the last one no entry points into the table any more: it goes too. */
    void release(RegionTable table) {
        tablesLock.lock();
        try {
            Counted counted = tables.get(table.memory());
            if (counted == null || counted.table != table) {
                throw new IllegalStateException("an address space's table was released more often than acquired");
            }
            if (--counted.containers == 0) {
                tables.remove(table.memory());
            }
        } finally {
            tablesLock.unlock();
        }
    }

    private static final class Counted {
        private final RegionTable table;
        private int containers;

        private Counted(RegionTable table) {
            this.table = table;
        }
    }
}
