// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import static org.vfio4j.backend.spapr.Refusal.hex;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.host.TceTable;
import org.vfio4j.spi.host.TceTableGroup;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The window slots of a container; every attached group has the same tables in the same slots. Guarded by the container's
 * configuration lock: changed under the write lock, looked at under the read lock. Spec: spapr §7.
 */
final class DmaWindows {
    private static final Logger LOG = LoggerFactory.getLogger(DmaWindows.class);

    /** Page size of the default window as a power of two. */
    static final int DEFAULT_PAGE_SHIFT = 12;

    private final Accounting accounting;
    private final EntryWriter writer;
    private final @Nullable DmaWindow[] slots = new @Nullable DmaWindow[TceTableGroup.SLOTS];

    /** The default window is to be made when it is first needed. */
    private boolean defaultPending;

    DmaWindows(Accounting accounting, EntryWriter writer) {
        this.accounting = accounting;
        this.writer = writer;
    }

    boolean defaultPending() {
        return defaultPending;
    }

    /** The first group came: a default window belongs into slot 0 if that is empty. */
    void expectDefault() {
        if (slots[0] == null) {
            defaultPending = true;
        }
    }

    /** Nobody wants the default window any more. */
    void forgetDefault() {
        defaultPending = false;
    }

    @Nullable
    DmaWindow slot(int index) {
        return slots[index];
    }

    /**
     * The window a bus address lies in.
     *
     * @throws VfioException with the errno given when there is none
     */
    DmaWindow at(String operation, long address, Errno ifNone) {
        for (DmaWindow window : slots) {
            if (window != null && window.contains(address)) {
                return window;
            }
        }
        throw Refusal.of(ifNone, operation, "no window contains " + hex(address));
    }

    /**
     * Makes a window and sets it on all groups (C1 to C8).
     *
     * @param groups newest first, not empty
     * @throws VfioException ENOSPC, EINVAL, EPERM, ENOMEM, or what the platform answers; nothing has changed then
     */
    DmaWindow create(
            String operation, Caller caller, List<AttachedGroup> groups, int pageShift, long size, int levels) {
        int slot = freeSlot(operation);
        TceTableGroup tables = groups.getFirst().tables();
        requirePageSize(operation, tables, pageShift, size);
        long tableSize = tables.tableSize(pageShift, size, levels);
        if (tableSize == 0) {
            throw Refusal.of(
                    Errno.EINVAL,
                    operation,
                    "the platform has no table of " + Integer.toUnsignedString(levels) + " levels for a window of "
                            + hex(size) + " bytes in pages of " + hex(1L << pageShift));
        }
        Charge charge = accounting.charge(operation, caller, tableSize);
        TceTable table = null;
        boolean done = false;
        try {
            table = tables.createTable(slot, pageShift, size, levels);
            setOnAll(slot, table, groups);
            var window = new DmaWindow(table, charge);
            slots[slot] = window;
            done = true;
            return window;
        } finally {
            if (!done) {
                if (table != null) {
                    table.free();
                }
                charge.giveBack();
            }
        }
    }

    private int freeSlot(String operation) {
        for (int slot = 0; slot < slots.length; slot++) {
            if (slots[slot] == null) {
                return slot;
            }
        }
        throw Refusal.of(Errno.ENOSPC, operation, "all " + slots.length + " windows are in use");
    }

    private static void requirePageSize(String operation, TceTableGroup tables, int pageShift, long size) {
        boolean offered = pageShift >= 0 && pageShift < Long.SIZE && (tables.pageSizes() >>> pageShift & 1) != 0;
        if (!offered) {
            throw Refusal.of(
                    Errno.EINVAL,
                    operation,
                    "page shift " + Integer.toUnsignedString(pageShift) + " is not in the mask of page sizes "
                            + hex(tables.pageSizes()));
        }
        if (Long.compareUnsigned(size, 1L << pageShift) < 0) {
            throw Refusal.of(
                    Errno.EINVAL,
                    operation,
                    "a window of " + hex(size) + " bytes is smaller than its page of " + hex(1L << pageShift));
        }
    }

    private static void setOnAll(int slot, TceTable table, List<AttachedGroup> groups) {
        boolean done = false;
        try {
            for (AttachedGroup group : groups) {
                group.tables().setWindow(slot, table);
            }
            done = true;
        } finally {
            if (!done) {
                groups.forEach(group -> unset(group, slot));
            }
        }
    }

    /**
     * Makes the default window: the platform's 32-bit window, in pages of 4 KiB.
     *
     * @throws VfioException as {@link #create}; it stays expected then
     */
    void createDefault(String operation, Caller caller, List<AttachedGroup> groups) {
        TceTableGroup tables = groups.getFirst().tables();
        DmaWindow window = create(operation, caller, groups, DEFAULT_PAGE_SHIFT, tables.tce32Size(), 1);
        defaultPending = false;
        if (window.startAddress() != tables.tce32Start()) {
            LOG.warn("the default {} does not start at {}", window, hex(tables.tce32Start()));
        }
    }

    /**
     * Removes the window that contains an address.
     *
     * @throws VfioException EINVAL when there is none, or what the platform answers; nothing has changed then
     */
    void remove(String operation, long address, List<AttachedGroup> groups) {
        DmaWindow window = at(operation, address, Errno.EINVAL);
        int slot = slots[0] == window ? 0 : 1;
        // Before the entries are cleared, so that a platform that refuses leaves them as they are.
        unsetOnAll(slot, window.table(), groups);
        slots[slot] = null;
        writer.clear(window);
        window.free();
    }

    private static void unsetOnAll(int slot, TceTable table, List<AttachedGroup> groups) {
        int unset = 0;
        try {
            for (; unset < groups.size(); unset++) {
                groups.get(unset).tables().unsetWindow(slot);
            }
        } finally {
            if (unset < groups.size()) {
                while (unset-- > 0) {
                    groups.get(unset).tables().setWindow(slot, table);
                }
            }
        }
    }

    /**
     * Sets all windows on a group that joins.
     *
     * @throws VfioException what the platform answers; no window is set then
     */
    void setOn(AttachedGroup group) {
        boolean done = false;
        try {
            for (int slot = 0; slot < slots.length; slot++) {
                DmaWindow window = slots[slot];
                if (window != null) {
                    group.tables().setWindow(slot, window.table());
                }
            }
            done = true;
        } finally {
            if (!done) {
                for (int slot = 0; slot < slots.length; slot++) {
                    unset(group, slot);
                }
            }
        }
    }

    /** A group leaves: entries of all windows are cleared, and it loses them. */
    void clearAndUnset(AttachedGroup group) {
        for (int slot = 0; slot < slots.length; slot++) {
            DmaWindow window = slots[slot];
            if (window != null) {
                writer.clear(window);
                unset(group, slot);
            }
        }
    }

    /** The container is released; no group is left. */
    void freeAll() {
        defaultPending = false;
        for (int slot = 0; slot < slots.length; slot++) {
            DmaWindow window = slots[slot];
            if (window != null) {
                slots[slot] = null;
                writer.clear(window);
                window.free();
            }
        }
    }

    /** Where the outcome is decided already: a platform that refuses is only logged. */
    private static void unset(AttachedGroup group, int slot) {
        try {
            group.tables().unsetWindow(slot);
        } catch (VfioException e) {
            LOG.warn("window {} of {} could not be unset: {}", slot, group, e.getMessage());
        }
    }
}
