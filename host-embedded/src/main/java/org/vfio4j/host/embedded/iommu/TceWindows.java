// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.host.TceTable;
import org.vfio4j.spi.host.TceTableGroup;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** The windows of one partitionable endpoint: which table translates which of its two slots. Spec: spapr §10. */
final class TceWindows implements TceTableGroup {
    private final TceGroup group;
    private final TceConfig config;
    private final PortSet ports;

    /** Changed under the group's lock, read by accesses in progress. */
    private final AtomicReferenceArray<@Nullable OffHeapTceTable> tables = new AtomicReferenceArray<>(SLOTS);

    TceWindows(TceGroup group, TceConfig config, AccessFence fence) {
        this.group = group;
        this.config = config;
        this.ports = new PortSet(fence);
    }

    PortSet ports() {
        return ports;
    }

    /** The table in a slot. */
    @Nullable
    OffHeapTceTable table(int slot) {
        return tables.get(slot);
    }

    @Override
    public long tce32Start() {
        return config.tce32Start();
    }

    @Override
    public long tce32Size() {
        return config.tce32Size();
    }

    @Override
    public long pageSizes() {
        return config.pageSizes();
    }

    @Override
    public int maxDynamicWindows() {
        return config.maxDynamicWindows();
    }

    @Override
    public int maxLevels() {
        return config.maxLevels();
    }

    @Override
    public Object platformIdentity() {
        return config.platform();
    }

    @Override
    public long tableSize(int pageShift, long windowSize, int levels) {
        return TceGeometry.of(config, pageShift, windowSize, levels)
                .map(TceGeometry::tableSize)
                .orElse(0L);
    }

    @Override
    public TceTable createTable(int slot, int pageShift, long windowSize, int levels) {
        checkSlot(slot);
        TceGeometry shape = TceGeometry.of(config, pageShift, windowSize, levels)
                .filter(TceGeometry::isUsable)
                .orElseThrow(() -> new VfioException(
                        Errno.EINVAL,
                        "group " + group.id() + " cannot have a window of 0x" + Long.toHexString(windowSize)
                                + " bytes with pages of 2^" + pageShift + " bytes and " + levels
                                + " levels of tables"));
        return new OffHeapTceTable(config, slot, shape);
    }

    @Override
    public void setWindow(int slot, TceTable table) {
        checkSlot(slot);
        if (!(table instanceof OffHeapTceTable own) || own.platform() != config.platform() || own.slot() != slot) {
            throw new VfioException(
                    Errno.EPERM,
                    "the table for bus address 0x" + Long.toHexString(table.startAddress()) + " cannot be set in slot "
                            + slot + " of group " + group.id());
        }
        group.locked(() -> {
            clear(slot);
            own.setIn(this);
            tables.set(slot, own);
        });
    }

    @Override
    public void unsetWindow(int slot) {
        checkSlot(slot);
        group.locked(() -> clear(slot));
    }

    /** Ends translation through a slot. Called under the group's lock. */
    void clear(int slot) {
        OffHeapTceTable old = tables.getAndSet(slot, null);
        if (old != null) {
            ports.invalidate();
            old.unsetIn(this);
        }
    }

    private static void checkSlot(int slot) {
        if (slot < 0 || slot >= SLOTS) {
            throw new VfioException(Errno.EINVAL, "there is no window slot " + slot);
        }
    }
}
