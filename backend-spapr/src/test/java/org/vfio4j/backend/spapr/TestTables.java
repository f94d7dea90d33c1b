// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.host.TceTable;
import org.vfio4j.spi.host.TceTableGroup;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** The software IOMMU's tables of a group, with answers and failures that a test chooses. */
final class TestTables implements TceTableGroup {
    /** Tables made for the group, newest last. */
    final List<TestTable> made = new ArrayList<>();

    /** What is set in each slot. */
    final @Nullable TestTable[] set = new @Nullable TestTable[SLOTS];

    /** Slots that refuse a window, with this errno. */
    @Nullable
    Errno refuseSet;

    /** Sets that succeed before {@link #refuseSet} counts. */
    int setsBeforeRefusal;

    @Nullable
    Errno refuseUnset;

    @Nullable
    Errno refuseCreate;

    /** Only tables made for this very group may be set: a platform that cannot share. */
    boolean ownTablesOnly;

    int maxDynamicWindows;
    Object platformIdentity;
    private final TceTableGroup real;

    TestTables(TceTableGroup real) {
        this.real = real;
        this.maxDynamicWindows = real.maxDynamicWindows();
        this.platformIdentity = real.platformIdentity();
    }

    /** The table made last. */
    TestTable table() {
        return made.getLast();
    }

    @Override
    public long tce32Start() {
        return real.tce32Start();
    }

    @Override
    public long tce32Size() {
        return real.tce32Size();
    }

    @Override
    public long pageSizes() {
        return real.pageSizes();
    }

    @Override
    public int maxDynamicWindows() {
        return maxDynamicWindows;
    }

    @Override
    public int maxLevels() {
        return real.maxLevels();
    }

    @Override
    public Object platformIdentity() {
        return platformIdentity;
    }

    @Override
    public long tableSize(int pageShift, long windowSize, int levels) {
        return real.tableSize(pageShift, windowSize, levels);
    }

    @Override
    public TceTable createTable(int slot, int pageShift, long windowSize, int levels) {
        if (refuseCreate != null) {
            throw new VfioException(refuseCreate, "made to refuse the table");
        }
        var table = new TestTable(real.createTable(slot, pageShift, windowSize, levels));
        made.add(table);
        return table;
    }

    @Override
    public void setWindow(int slot, TceTable table) {
        if (ownTablesOnly && !made.contains(table)) {
            throw new VfioException(Errno.EPERM, "the table belongs to another group");
        }
        if (refuseSet != null && setsBeforeRefusal-- <= 0) {
            throw new VfioException(refuseSet, "made to refuse the window");
        }
        var wrapped = (TestTable) table;
        real.setWindow(slot, wrapped.real);
        set[slot] = wrapped;
    }

    @Override
    public void unsetWindow(int slot) {
        if (refuseUnset != null) {
            throw new VfioException(refuseUnset, "made to refuse the change");
        }
        real.unsetWindow(slot);
        set[slot] = null;
    }
}
