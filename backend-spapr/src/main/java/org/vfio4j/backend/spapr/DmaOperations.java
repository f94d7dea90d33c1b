// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import static org.vfio4j.backend.spapr.Refusal.hex;

import org.vfio4j.spi.call.Caller;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioType1;

/** MAP_DMA and UNMAP_DMA. Thread-safe; calls on different entries run in parallel. Spec: spapr §6. */
final class DmaOperations {
    /** Everything was done. */
    static final int DONE = 0;

    /**
     * [quirk] Nothing was done, because the address or the end of the range is no entry of the window: what the kernel
     * returns then is a positive number and no errno.
     */
    static final int BAD_ADDRESS = 1;

    private static final String MAP = "MAP_DMA";
    private static final String UNMAP = "UNMAP_DMA";
    private static final int MAP_FLAGS = VfioType1.VFIO_DMA_MAP_FLAG_READ | VfioType1.VFIO_DMA_MAP_FLAG_WRITE;

    private final InstanceState state;

    DmaOperations(InstanceState state) {
        this.state = state;
    }

    /**
     * MAP_DMA after the argument was read.
     *
     * @return {@link #DONE} or {@link #BAD_ADDRESS}
     * @throws VfioException EPERM, EINVAL, ENXIO, EFAULT, ENOMEM, or what making the default window answers
     */
    int map(Caller caller, int flags, long vaddr, long iova, long size) {
        state.requireEnabled(MAP, caller);
        if ((flags & ~MAP_FLAGS) != 0) {
            throw refuse(MAP, "flags " + hex(Integer.toUnsignedLong(flags)) + " are not READ and WRITE");
        }
        long stamp = state.lockWithDefaultWindow(MAP, caller);
        try {
            DmaWindow window = state.windows.at(MAP, iova, Errno.ENXIO);
            requireWholePages(MAP, window, "size", size);
            requireWholePages(MAP, window, "vaddr", vaddr);
            if (flags == 0) {
                throw refuse(MAP, "neither READ nor WRITE is asked for");
            }
            if (!aligned(window, iova)) {
                return BAD_ADDRESS;
            }
            long entry = window.entry(iova);
            long count = size >>> window.pageShift();
            if (count == 0) {
                return DONE;
            }
            if (!window.holds(entry, count)) {
                throw refuse(MAP, hex(size) + " bytes at " + hex(iova) + " run past " + window);
            }
            state.writer.map(window, entry, count, vaddr, flags);
            return DONE;
        } finally {
            state.configurationLock.unlockRead(stamp);
        }
    }

    /**
     * UNMAP_DMA after the argument was read.
     *
     * @return {@link #DONE} or {@link #BAD_ADDRESS}
     * @throws VfioException EPERM, EINVAL, ENXIO, or what making the default window answers
     */
    int unmap(Caller caller, int flags, long iova, long size) {
        state.requireEnabled(UNMAP, caller);
        if (flags != 0) {
            throw refuse(UNMAP, "flags " + hex(Integer.toUnsignedLong(flags)) + " are given, none is defined");
        }
        long stamp = state.lockWithDefaultWindow(UNMAP, caller);
        try {
            DmaWindow window = state.windows.at(UNMAP, iova, Errno.ENXIO);
            requireWholePages(UNMAP, window, "size", size);
            long entry = window.entry(iova);
            long count = size >>> window.pageShift();
            if (!aligned(window, iova) || !window.holds(entry, count)) {
                return BAD_ADDRESS;
            }
            state.writer.clear(window, entry, count);
            return DONE;
        } finally {
            state.configurationLock.unlockRead(stamp);
        }
    }

    /** The refusal of typed calls for {@link #BAD_ADDRESS}. */
    static VfioException badAddress(String operation, long iova, long size) {
        return refuse(operation, hex(size) + " bytes at " + hex(iova) + " are not whole pages inside one window");
    }

    private static void requireWholePages(String operation, DmaWindow window, String what, long value) {
        if (!aligned(window, value)) {
            throw refuse(
                    operation,
                    what + " " + hex(value) + " is not a multiple of the page size " + hex(window.pageSize()));
        }
    }

    private static boolean aligned(DmaWindow window, long value) {
        return (value & (window.pageSize() - 1)) == 0;
    }

    private static VfioException refuse(String operation, String reason) {
        return Refusal.of(Errno.EINVAL, operation, reason);
    }
}
