// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import java.util.ArrayList;
import java.util.List;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.host.TceTableGroup;
import org.vfio4j.spi.iommu.DmaLimits;
import org.vfio4j.spi.iommu.TceOperations.TceInfo;
import org.vfio4j.uapi.Errno;

/** SPAPR_TCE_CREATE, SPAPR_TCE_REMOVE and SPAPR_TCE_GET_INFO. Thread-safe. Spec: spapr §5, §7. */
final class WindowOperations {
    private static final String CREATE = "TCE_CREATE";
    private static final String REMOVE = "TCE_REMOVE";
    private static final String GET_INFO = "TCE_GET_INFO";

    private final InstanceState state;

    WindowOperations(InstanceState state) {
        this.state = state;
    }

    /** What comes before TCE_CREATE's argument is read. @throws org.vfio4j.uapi.VfioException EPERM, ENOTTY, ENXIO */
    void prepareCreate(Caller caller) {
        prepare(CREATE, caller);
    }

    /** What comes before TCE_REMOVE's argument is read. @throws org.vfio4j.uapi.VfioException EPERM, ENOTTY, ENXIO */
    void prepareRemove(Caller caller) {
        prepare(REMOVE, caller);
    }

    private void prepare(String operation, Caller caller) {
        state.owner.requireNotForeign(operation, caller);
        state.requireVersion(operation, true);
        state.owner.bind(operation, caller);
        requireGroup(operation);
    }

    private void requireGroup(String operation) {
        long stamp = state.configurationLock.readLock();
        try {
            state.groups.newest(operation, Errno.ENXIO);
        } finally {
            state.configurationLock.unlockRead(stamp);
        }
    }

    /**
     * Makes a window; the default window first when that is due, and it stays when the other is refused.
     *
     * @return first bus address
     * @throws org.vfio4j.uapi.VfioException EPERM, ENOTTY, ENXIO, ENOSPC, EINVAL, ENOMEM, or what the platform answers
     */
    long create(Caller caller, int pageShift, long size, int levels) {
        prepare(CREATE, caller);
        long stamp = state.configurationLock.writeLock();
        try {
            state.groups.newest(CREATE, Errno.ENXIO);
            state.makeDefaultWindowIfDue(CREATE, caller);
            return state.windows
                    .create(CREATE, caller, state.groups.list(), pageShift, size, levels)
                    .startAddress();
        } finally {
            state.configurationLock.unlockWrite(stamp);
        }
    }

    /**
     * Removes the window that contains an address, or the default window before it was made.
     *
     * @throws org.vfio4j.uapi.VfioException EPERM, ENOTTY, ENXIO, EINVAL, or what the platform answers
     */
    void remove(Caller caller, long address) {
        prepare(REMOVE, caller);
        long stamp = state.configurationLock.writeLock();
        try {
            state.groups.newest(REMOVE, Errno.ENXIO);
            if (state.windows.defaultPending() && address == 0) {
                state.windows.forgetDefault();
            } else {
                state.windows.remove(REMOVE, address, state.groups.list());
            }
        } finally {
            state.configurationLock.unlockWrite(stamp);
        }
    }

    /** @throws org.vfio4j.uapi.VfioException EPERM, ENXIO */
    TceInfo info(Caller caller) {
        state.owner.requireNotForeign(GET_INFO, caller);
        long stamp = state.configurationLock.readLock();
        try {
            TceTableGroup tables = state.groups.newest(GET_INFO, Errno.ENXIO).tables();
            boolean dynamic = state.version2 && tables.maxDynamicWindows() != 0;
            return new TceInfo(
                    tables.tce32Start(),
                    tables.tce32Size(),
                    dynamic ? tables.pageSizes() : 0,
                    dynamic ? tables.maxDynamicWindows() : 0,
                    dynamic ? tables.maxLevels() : 0);
        } finally {
            state.configurationLock.unlockRead(stamp);
        }
    }

    /** The windows as they are now, with the default window if it will be made when it is first needed. */
    DmaLimits limits() {
        long stamp = state.configurationLock.readLock();
        try {
            long pageSizes = 0;
            List<DmaLimits.Range> ranges = new ArrayList<>();
            if (state.windows.defaultPending() && !state.groups.isEmpty()) {
                TceTableGroup tables = state.groups.list().getFirst().tables();
                long start = tables.tce32Start();
                if (tables.tce32Size() != 0) {
                    pageSizes = 1L << DmaWindows.DEFAULT_PAGE_SHIFT;
                    ranges.add(new DmaLimits.Range(start, start + tables.tce32Size() - 1));
                }
            }
            for (int slot = 0; slot < TceTableGroup.SLOTS; slot++) {
                DmaWindow window = state.windows.slot(slot);
                if (window != null) {
                    pageSizes |= window.pageSize();
                    ranges.add(new DmaLimits.Range(window.startAddress(), window.lastAddress()));
                }
            }
            ranges.sort((a, b) -> Long.compareUnsigned(a.start(), b.start()));
            return new DmaLimits(pageSizes, ranges, Long.MAX_VALUE);
        } finally {
            state.configurationLock.unlockRead(stamp);
        }
    }
}
