// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import org.vfio4j.spi.host.TceTable;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.uapi.VfioException;

/** A PowerNV table: a tree the device walks, and a second one that keeps the user address of each entry. */
final class OffHeapTceTable implements TceTable {
    private static final TceWindows[] NOWHERE = {};
    private static final long PERMISSION = Protection.READ | Protection.WRITE;

    private final TceConfig.Platform platform;
    private final int slot;
    private final long startAddress;
    private final TceGeometry shape;
    private final TceTree entries;
    private final TceTree userAddresses;

    /** Guards changes of where the table is set. Taken under a group's lock; nothing is called while it is held. */
    private final ReentrantLock placesLock = new ReentrantLock();

    private volatile TceWindows[] places = NOWHERE;
    private boolean freed;

    OffHeapTceTable(TceConfig config, int slot, TceGeometry shape) {
        this.platform = config.platform();
        this.slot = slot;
        this.startAddress = slot == 0 ? config.tce32Start() : config.slot1Start();
        this.shape = shape;
        this.entries = new TceTree(shape, config.tableMemoryLimit());
        try {
            this.userAddresses = new TceTree(shape, config.tableMemoryLimit());
        } catch (VfioException refused) {
            entries.close();
            throw refused;
        }
    }

    TceConfig.Platform platform() {
        return platform;
    }

    int slot() {
        return slot;
    }

    /** Whether a bus address is in the window. */
    boolean contains(long iova) {
        return iova >= startAddress && (iova - startAddress) >>> shape.pageShift() < shape.entries();
    }

    /** The entry that translates an address in the window. */
    long entryFor(long iova) {
        return entries.get((iova - startAddress) >>> shape.pageShift());
    }

    /** Bytes the table really takes. */
    long memory() {
        return entries.memory() + userAddresses.memory();
    }

    /** A group translates through the table from now on. */
    void setIn(TceWindows place) {
        changePlaces(place, true);
    }

    /** A group has ceased to. */
    void unsetIn(TceWindows place) {
        changePlaces(place, false);
    }

    @Override
    public long startAddress() {
        return startAddress;
    }

    @Override
    public long entries() {
        return shape.entries();
    }

    @Override
    public int pageShift() {
        return shape.pageShift();
    }

    @Override
    public long allocatedSize() {
        return shape.tableSize();
    }

    @Override
    public long exchange(long entry, long phys, int protection) {
        Objects.checkIndex(entry, shape.entries());
        if (protection == 0) {
            return entries.getAndSet(entry, 0);
        }
        // The view mirrors the table, so that an entry's user address can be recorded without fail.
        userAddresses.prepare(entry);
        // The hardware has no write-only pages: what may be written may be read.
        long permission = (protection & Protection.WRITE) != 0 ? PERMISSION : Protection.READ;
        return entries.getAndSet(entry, (phys & ~PERMISSION) | permission);
    }

    @Override
    public long entry(long entry) {
        return entries.get(Objects.checkIndex(entry, shape.entries()));
    }

    @Override
    public long userAddress(long entry) {
        return userAddresses.get(Objects.checkIndex(entry, shape.entries()));
    }

    @Override
    public void setUserAddress(long entry, long vaddr) {
        userAddresses.getAndSet(Objects.checkIndex(entry, shape.entries()), vaddr);
    }

    @Override
    public long nextAllocated(long entry) {
        return entries.nextAllocated(entry);
    }

    @Override
    public void invalidate(long firstEntry, long count) {
        for (TceWindows place : places) {
            place.ports().invalidate();
        }
    }

    @Override
    public void free() {
        placesLock.lock();
        try {
            if (freed || places.length != 0) {
                throw new IllegalStateException(
                        freed ? "a TCE table was freed twice" : "a TCE table was freed while a group has it set");
            }
            freed = true;
        } finally {
            placesLock.unlock();
        }
        entries.close();
        userAddresses.close();
    }

    private void changePlaces(TceWindows place, boolean added) {
        placesLock.lock();
        try {
            if (freed) {
                throw new IllegalStateException("a TCE table is set after it was freed");
            }
            List<TceWindows> all = new ArrayList<>(List.of(places));
            if (added) {
                all.add(place);
            } else {
                all.remove(place);
            }
            places = all.toArray(NOWHERE);
        } finally {
            placesLock.unlock();
        }
    }
}
