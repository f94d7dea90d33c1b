// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.StampedLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.uapi.Errno;

/** What the operations of one container share (kernel: {@code struct tce_container}). Spec: spapr §2 rule 3, §11. */
final class InstanceState {
    final boolean version2;
    final PhysicalMemory physical;
    final Accounting accounting;
    final OwnerBinding owner;
    final EntryWriter writer;
    final DmaWindows windows;
    final AttachedGroups groups;

    /**
     * Guards groups, windows and version 1's enabling. Held for reading by MAP and UNMAP, so that they run in parallel, and
     * for writing by whatever changes what they use. A stamped lock, because it takes no memory when nobody waits. Outermost
     * in this module: the entry locks and the {@link RegionTable}'s lock are taken inside.
     */
    final StampedLock configurationLock = new StampedLock();

    /** Regions this container registered. Guarded by the owner's {@link RegionTable}. */
    final List<MemoryRegion> registered = new ArrayList<>();

    /** Version 1: between ENABLE and DISABLE. Version 2: since the first REGISTER_MEMORY that succeeded. */
    volatile boolean enabled;

    /** Version 1, while enabled: the worst case for the default window. Guarded by {@link #configurationLock}. */
    @Nullable
    Charge enableCharge;

    InstanceState(boolean version2, PhysicalMemory physical, RegionTables regionTables) {
        this.version2 = version2;
        this.physical = physical;
        this.accounting = new Accounting(physical);
        this.owner = new OwnerBinding(regionTables);
        this.writer = new EntryWriter(version2 ? new RegisteredPages(owner) : new PinnedPages(physical, owner));
        this.windows = new DmaWindows(accounting, writer);
        this.groups = new AttachedGroups(version2, windows);
    }

    /**
     * Refuses calls of other versions than the instance is.
     *
     * @throws org.vfio4j.uapi.VfioException ENOTTY
     */
    void requireVersion(String operation, boolean wanted) {
        if (version2 != wanted) {
            throw Refusal.of(
                    Errno.ENOTTY, operation, "a version " + (version2 ? 2 : 1) + " container does not have this call");
        }
    }

    /**
     * What MAP and UNMAP need first (M1).
     *
     * @throws org.vfio4j.uapi.VfioException EPERM
     */
    void requireEnabled(String operation, Caller caller) {
        owner.requireNotForeign(operation, caller);
        if (!enabled) {
            throw Refusal.of(
                    Errno.EPERM,
                    operation,
                    version2 ? "no memory has been registered yet" : "the container is not enabled");
        }
    }

    /**
     * The read lock, with the default window made if it was due (M4).
     *
     * @return stamp of the read lock
     * @throws org.vfio4j.uapi.VfioException what making the default window answers; no lock is held then
     */
    long lockWithDefaultWindow(String operation, Caller caller) {
        while (true) {
            long stamp = configurationLock.readLock();
            if (enabled && !windows.defaultPending()) {
                return stamp;
            }
            configurationLock.unlockRead(stamp);
            requireEnabled(operation, caller);
            makeDefaultWindow(operation, caller);
        }
    }

    private void makeDefaultWindow(String operation, Caller caller) {
        long stamp = configurationLock.writeLock();
        try {
            makeDefaultWindowIfDue(operation, caller);
        } finally {
            configurationLock.unlockWrite(stamp);
        }
    }

    /** The same with the write lock held: whoever was faster has made it. */
    void makeDefaultWindowIfDue(String operation, Caller caller) {
        if (windows.defaultPending()) {
            groups.newest(operation, Errno.ENODEV);
            windows.createDefault(operation, caller, groups.list());
        }
    }
}
